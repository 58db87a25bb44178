/** The methods. */

import { isObject, lookup } from './accounts.js';
import type { Lookup } from './accounts.js';
import { DEADLINE, call } from './call.js';
import { httpRequest, milliseconds, ownSend, parameters, query, response, string } from './http-api.js';
import { runtime } from './runtime.js';
import type { Send } from './send.js';
import type {
  Accounts,
  CreateOptions,
  DeletedBody,
  Format,
  NewUser,
  NormalizedUser,
  Options,
  PageBody,
  Plan,
  Response,
  User,
  UserBody,
  UserChanges,
  UserPage,
  UserQuery,
} from './types.js';

/** What calls are made with. */
export interface TicketingOptions {
  /** The accounts, or a function that finds one. */
  accounts: Accounts;
  /** Sends the requests, in place of the runtime's own way. {@link Send} says what it promises. */
  send?: Send;
  /** How long a call may take, in milliseconds, where its own options do not say; 20,000 unless said otherwise. */
  deadline?: number;
}

/**
 * Creates, updates, gets, lists and deletes users.
 *
 * `account` is the id of one of the accounts. A call that fails is a {@link TicketingError}; wrong use of a method is a `TypeError`,
 * before anything is sent.
 */
export class Ticketing {
  readonly #lookup: Lookup;
  readonly #send: Send | undefined;
  readonly #deadline: number;

  constructor(options: TicketingOptions) {
    const { accounts, send, deadline = DEADLINE } = options;
    this.#lookup = lookup(accounts);
    this.#send = ownSend(send);
    this.#deadline = milliseconds(deadline);
  }

  /**
   * Creates a user.
   *
   * Sends at most one request that creates, and never a second one whatever happens. Every violation is reported at once, before
   * anything is sent. Fails with `unsupported-operation` if the integration cannot create, and with an `outcome` that says whether
   * the user may exist now.
   */
  async createUser<F extends Format = 'unified'>(
    account: string,
    user: NewUser,
    options: CreateOptions<F> = {},
  ): Promise<Response<UserBody<F>>> {
    return this.#call('POST', account, undefined, parameters(options, true), options, body(user));
  }

  /**
   * Changes the user `id`.
   *
   * Fields that are left out are not sent. Sends at most one request that changes. Fails with `unsupported-operation` if the
   * integration cannot update.
   */
  async updateUser<F extends Format = 'unified'>(
    account: string,
    id: string,
    changes: UserChanges,
    options: Options<F> = {},
  ): Promise<Response<UserBody<F>>> {
    return this.#call('PATCH', account, string('id', id), parameters(options, false), options, body(changes));
  }

  /**
   * Reads the user `id`.
   *
   * Changes nothing, so the `outcome` of every error is `not-sent`. Fails with `provider-not-found` if the provider has no such user.
   */
  async getUser<F extends Format = 'unified'>(
    account: string,
    id: string,
    options: Options<F> = {},
  ): Promise<Response<UserBody<F>>> {
    return this.#call('GET', account, string('id', id), parameters(options, false), options);
  }

  /**
   * Lists users: a page of all, or everyone who has an address.
   *
   * Changes nothing. A page may take several requests, where the provider's own are smaller. An address that is not found is an empty
   * page only if it is certain that no user has it: else the call fails with `invalid-response`.
   */
  async listUsers<F extends Format = 'unified'>(
    account: string,
    users: UserQuery = {},
    options: Options<F> = {},
  ): Promise<Response<PageBody<F>>> {
    return this.#call('GET', account, undefined, [...query(users), ...parameters(options, false)], options);
  }

  /**
   * Deletes the user `id`, in the provider's sense of it.
   *
   * Sends at most one request that deletes. Fails with `provider-not-found` if the provider has no such user.
   */
  async deleteUser<F extends Format = 'unified'>(
    account: string,
    id: string,
    options: Options<F> = {},
  ): Promise<Response<DeletedBody<F>>> {
    return this.#call('DELETE', account, string('id', id), parameters(options, false), options);
  }

  /** The request that `createUser` would send. Nothing is sent; what authenticates is `***`. */
  async planCreateUser(account: string, user: NewUser, options: CreateOptions = {}): Promise<Response<Plan>> {
    return this.#call('POST', account, undefined, dryRun(parameters(options, true)), options, body(user));
  }

  /** The request that `updateUser` would send. */
  async planUpdateUser(account: string, id: string, changes: UserChanges, options: Options = {}): Promise<Response<Plan>> {
    return this.#call('PATCH', account, string('id', id), dryRun(parameters(options, false)), options, body(changes));
  }

  /** The request that `deleteUser` would send. */
  async planDeleteUser(account: string, id: string, options: Options = {}): Promise<Response<Plan>> {
    return this.#call('DELETE', account, string('id', id), dryRun(parameters(options, false)), options);
  }

  /** Every user of a list, page after page, each page asked for when it is needed. */
  users(account: string, users?: UserQuery, options?: Options<'unified'>): AsyncGenerator<User, void, undefined>;
  users(account: string, users: UserQuery, options: Options<'normalized'>): AsyncGenerator<NormalizedUser, void, undefined>;
  async *users(
    account: string,
    users: UserQuery = {},
    options: Options<'unified' | 'normalized'> = {},
  ): AsyncGenerator<unknown, void, undefined> {
    if (options.format !== undefined && !['unified', 'normalized'].includes(options.format)) {
      throw new TypeError('format: expected `unified` or `normalized`, since other pages are not read');
    }
    let cursor = users.cursor ?? null;
    do {
      const { body } = await this.listUsers(account, { ...users, cursor }, options);
      const page = body as UserPage<unknown>;
      yield* page.result;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  async #call<Body>(
    method: string,
    account: string,
    id: string | undefined,
    made: [string, string][],
    { deadline = this.#deadline, signal }: Options,
    content?: object,
  ): Promise<Response<Body>> {
    if (string('account', account) === '') throw new TypeError('account: expected an id, but found an empty string');
    const request = httpRequest(method, account, id, made, content);
    const send = this.#send ?? runtime().send;
    return response(await call({ account, lookup: this.#lookup, request, send, deadline, signal }));
  }
}

function dryRun(made: [string, string][]): [string, string][] {
  return [...made, ['unified_dry_run', 'true']];
}

function body(user: object): object {
  if (!isObject(user)) throw new TypeError('user: expected an object');
  return user;
}
