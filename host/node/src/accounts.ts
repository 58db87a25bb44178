/** Accounts: reading them, and finding the one of a call. */

import { variable } from './runtime.js';
import type { Account, Accounts } from './types.js';

/** The variable with the accounts, where none are given. */
export const ACCOUNTS = 'UNIFIED_TICKETING_ACCOUNTS_JSON';

/** What a look-up found: an account, no account, or why it cannot be used. */
export type Found = { account: Account } | { unknown: true } | { unusable: string };

/** Finds the account of an id. It never rejects. */
export type Lookup = (id: string) => Promise<Found>;

const KEYS = ['id', 'name', 'integration', 'base_url', 'settings', 'credentials'];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The kind of a value, for a message. */
export function kind(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  const kinds: Record<string, string> = { object: 'an object', string: 'a string', number: 'a number', boolean: 'a boolean' };
  return kinds[typeof value] ?? `a ${typeof value}`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key for a message. One that does not look like a name may be the credential itself, by mistake. */
export function shownKey(name: string): string {
  return /^[a-z_]{1,24}$/.test(name) ? name : '?';
}

export function isUuid(id: string): boolean {
  return UUID.test(id);
}

/** Collects violations. A violation quotes no value but an id, so that it holds no secret. */
export class Reader {
  readonly violations: string[] = [];

  violation(path: string, message: string): void {
    this.violations.push(path === '' ? message : `\`${path}\`: ${message}`);
  }

  expected(path: string, expected: string, found: unknown): void {
    this.violation(path, `expected ${expected}, but found ${kind(found)}`);
  }

  object(path: string, value: unknown, known?: readonly string[]): Record<string, unknown> | undefined {
    if (!isObject(value)) {
      this.expected(path, 'an object', value);
      return undefined;
    }
    for (const name of known ? Object.keys(value) : []) {
      if (!known?.includes(name)) this.violation(`${path}/${shownKey(name)}`, `unknown; expected \`${known?.join('`, `')}\``);
    }
    return value;
  }

  string(path: string, value: unknown): string | undefined {
    if (typeof value === 'string') return value;
    this.expected(path, 'a string', value);
    return undefined;
  }

  required(path: string, members: Record<string, unknown>, name: string): string | undefined {
    if (members[name] === undefined) {
      this.violation(`${path}/${name}`, 'missing');
      return undefined;
    }
    return this.string(`${path}/${name}`, members[name]);
  }
}

/** Reads one account. */
function account(reader: Reader, path: string, value: unknown): Account | undefined {
  const members = reader.object(path, value, KEYS);
  if (!members) return undefined;
  const id = reader.required(path, members, 'id');
  const integration = reader.required(path, members, 'integration');
  const read: Account = { id: id ?? '', integration: integration ?? '' };
  for (const name of ['name', 'base_url'] as const) {
    const string = members[name] === undefined ? undefined : reader.string(`${path}/${name}`, members[name]);
    if (string !== undefined) read[name] = string;
  }
  for (const name of ['settings', 'credentials'] as const) {
    if (members[name] === undefined) continue;
    const strings = reader.object(`${path}/${name}`, members[name]) ?? {};
    for (const [key, each] of Object.entries(strings)) reader.string(`${path}/${name}/${shownKey(key)}`, each);
    // A copy: what the caller changes later does not change an account that was checked.
    read[name] = { ...strings } as Record<string, string>;
  }
  if (id !== undefined && !isUuid(id)) reader.violation(`${path}/id`, `expected a UUID, but found \`${id.slice(0, 40)}\``);
  return read;
}

/** Reads an array of accounts, by id in lower case. */
function accountArray(reader: Reader, path: string, value: unknown): Map<string, Account> {
  const accounts = new Map<string, Account>();
  if (!Array.isArray(value)) {
    reader.expected(path, 'an array', value);
    return accounts;
  }
  value.forEach((each: unknown, index) => {
    const read = account(reader, `${path}/${index}`, each);
    if (!read) return;
    const id = read.id.toLowerCase();
    if (id !== '' && accounts.has(id)) reader.violation(`${path}/${index}/id`, `\`${read.id}\` is taken by an account before`);
    accounts.set(id, read);
  });
  return accounts;
}

function lookupIn(accounts: Map<string, Account>): Lookup {
  return async (id) => {
    const account = accounts.get(id.toLowerCase());
    return account ? { account } : { unknown: true };
  };
}

/** The look-up in accounts that a program gives. */
export function lookup(accounts: Accounts): Lookup {
  if (typeof accounts === 'function') return (id) => lookupBy(accounts, id.toLowerCase());
  const reader = new Reader();
  const read = accountArray(reader, '', accounts);
  if (reader.violations.length > 0) throw new TypeError(`accounts: ${reader.violations.join('; ')}`);
  return lookupIn(read);
}

async function lookupBy(find: Extract<Accounts, Function>, id: string): Promise<Found> {
  let value: unknown;
  try {
    value = await find(id);
  } catch {
    // Its text may hold what it looked for, or with what.
    return { unusable: 'the look-up of the account failed' };
  }
  if (value === undefined || value === null) return { unknown: true };
  const reader = new Reader();
  const found = account(reader, '', value);
  if (!found || reader.violations.length > 0) return { unusable: `the look-up returned none: ${reader.violations.join('; ')}` };
  if (found.id.toLowerCase() !== id) return { unusable: 'the look-up returned an account of another id' };
  return { account: found };
}

/** What a text of accounts says: the accounts, and their ids in lower case; or what is wrong with them. */
type Read = { ids: string[]; lookup: Lookup } | { unusable: string };

/** What was read last: the variable is the same for every request, as a rule. */
let last: { json: string; read: Read } | undefined;

/** The accounts of the environment, and their ids in lower case; or what is wrong with them. */
export function accountsOf(env: unknown): Read {
  const json = variable(ACCOUNTS, env);
  if (json === undefined) return { unusable: `\`${ACCOUNTS}\` is not set` };
  if (last?.json !== json) last = { json, read: readAccounts(json) };
  return last.read;
}

function readAccounts(json: string): Read {
  const reader = new Reader();
  const document = parsed(reader, json);
  const members = document === undefined ? undefined : reader.object('', document, ['account']);
  const read = members?.account === undefined ? new Map<string, Account>() : accountArray(reader, '/account', members.account);
  if (reader.violations.length > 0) return { unusable: `\`${ACCOUNTS}\`: ${reader.violations.join('; ')}` };
  return { ids: [...read.keys()], lookup: lookupIn(read) };
}

/** A JSON document; its errors quote nothing of it. */
export function parsed(reader: Reader, json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\ufeff/, ''));
  } catch {
    reader.violation('', 'not JSON');
    return undefined;
  }
}
