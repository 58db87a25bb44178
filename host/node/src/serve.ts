/** The HTTP API, as a handler of requests. */

import { Reader, accountsOf, lookup } from './accounts.js';
import type { Lookup } from './accounts.js';
import { DEADLINE, call } from './call.js';
import type { HttpRequest, HttpResponse } from './component.js';
import { hostError } from './host-error.js';
import { concatenated } from './redact.js';
import { milliseconds, ownSend } from './http-api.js';
import { runtime } from './runtime.js';
import type { Send } from './send.js';
import { TOKENS, Tokens } from './tokens.js';
import type { Grant, Token, TokenOperation } from './tokens.js';
import type { Accounts } from './types.js';

/** What the HTTP API is served with. */
export interface ServeOptions {
  /** The accounts, or a function that finds one; else those of the variable `UNIFIED_TICKETING_ACCOUNTS_JSON`. */
  accounts?: Accounts;
  /** The bearer tokens; else those of the variable `UNIFIED_TICKETING_TOKENS_JSON`. */
  tokens?: readonly Token[];
  /**
   * Decides who the client of a request is, in place of tokens: what it may do, or `undefined` for a client that is not let in. The
   * body of the request is not its to read.
   */
  authorize?: (request: Request) => Grant | undefined | Promise<Grant | undefined>;
  /** Sends the requests, in place of the runtime's own way. {@link Send} says what it promises. */
  send?: Send;
  /** How long a call may take, in milliseconds; 20,000 unless said otherwise. */
  deadline?: number;
}

/** A handler of requests, as Workers, `Deno.serve` and `Bun.serve` take it. */
export interface Handler {
  /** Responds to a request. `env` has the variables of a Worker; `ctx.waitUntil` lets a call go on without its client. */
  fetch(request: Request, env?: unknown, ctx?: unknown): Promise<globalThis.Response>;
}

const ACCOUNT = 'integrated_account_id';
/** The largest body of a request, in bytes. Of a larger one only so much is read that the component rejects it for its size. */
const MAX_BODY = 1 << 20;
const HEALTH: Record<string, string> = { '/healthz': '{"status":"ok"}', '/readyz': '{"status":"ready"}' };
const OPERATIONS: Record<string, TokenOperation> = { POST: 'create', PATCH: 'update', DELETE: 'delete', GET: 'read' };

/**
 * Serves the published HTTP API. Every request needs a bearer token, but `/healthz` and `/readyz`; without any tokens, and without
 * `authorize`, every request is rejected.
 */
export function serve(options: ServeOptions = {}): Handler {
  const given = options.accounts === undefined ? undefined : lookup(options.accounts);
  const ids = Array.isArray(options.accounts) ? options.accounts.map(({ id }: { id: string }) => id.toLowerCase()) : undefined;
  const deadline = milliseconds(options.deadline ?? DEADLINE);
  const own = ownSend(options.send);
  const tokens = options.tokens === undefined ? undefined : givenTokens(options.tokens, ids);
  const authorize = async (request: Request, env: unknown): Promise<Grant | HttpResponse> => {
    if (options.authorize) return byProgram(options.authorize, request);
    const known = tokens ?? tokensOf(env, given ? ids : idsOf(env));
    if (typeof known === 'string') return unauthorized(known);
    const message = 'expected `authorization: Bearer TOKEN` with a token of this server';
    return (await known.find(request.headers.get('authorization'))) ?? unauthorized(message);
  };
  const respond = async (request: Request, env: unknown): Promise<HttpResponse> => {
    const { pathname, search } = new URL(request.url);
    const health = HEALTH[pathname];
    if (health !== undefined) return healthResponse(request.method, health);
    const grant = await authorize(request, env);
    if ('status' in grant) return grant;
    const content = await body(request);
    if (!content) return hostError('malformed-request', 400, 'not-sent', 'expected a whole body, but it ended early');
    const accounts = given ?? lookupOf(env);
    const received: HttpRequest = {
      method: request.method,
      target: `${pathname}${search}`,
      headers: [...request.headers],
      body: content,
    };
    const { account, denied } = gate(grant, received);
    return call({ account, lookup: accounts, request: received, send: own ?? runtime().send, deadline, denied });
  };
  return {
    async fetch(request, env, ctx) {
      const responding = respond(request, env).catch((error: unknown) => {
        console.error('unified-ticketing:', error);
        return hostError('guest-trap', 500, 'not-sent', 'the component could not be loaded');
      });
      (ctx as { waitUntil?(promise: Promise<unknown>): void } | undefined)?.waitUntil?.(responding);
      return published(await responding, request.method);
    },
  };
}

/** What a program's own function lets the client of a request do. */
async function byProgram(authorize: NonNullable<ServeOptions['authorize']>, request: Request): Promise<Grant | HttpResponse> {
  try {
    return (await authorize(request)) ?? unauthorized('the request is not authorized');
  } catch (error) {
    // Its text may have what the client sent to authenticate.
    console.error(`unified-ticketing: \`authorize\` failed with ${error instanceof Error ? error.constructor.name : typeof error}`);
    return unauthorized('it could not be decided whether the request is authorized');
  }
}

/** The tokens that a program gives. */
function givenTokens(given: unknown, ids: readonly string[] | undefined): Tokens {
  const reader = new Reader();
  const tokens = Tokens.read(reader, '', given, ids);
  if (!tokens) throw new TypeError(`tokens: ${reader.violations.join('; ')}`);
  return tokens;
}

/** The tokens of the environment; or why every request is rejected. */
function tokensOf(env: unknown, ids: readonly string[] | undefined): Tokens | string {
  const reader = new Reader();
  const tokens = Tokens.of(reader, env, ids);
  if (tokens) return tokens;
  if (reader.violations.length === 0) return `no request is let in: set the variable \`${TOKENS}\``;
  // What is wrong with them is not for every client to read.
  console.error(`unified-ticketing: ${TOKENS}: ${reader.violations.join('; ')}`);
  return `no request is let in: the variable \`${TOKENS}\` has violations, which the log names`;
}

/** The ids of the accounts of the environment, if there are any. */
function idsOf(env: unknown): readonly string[] | undefined {
  const accounts = accountsOf(env);
  return 'ids' in accounts ? accounts.ids : undefined;
}

function lookupOf(env: unknown): Lookup {
  const accounts = accountsOf(env);
  return 'lookup' in accounts ? accounts.lookup : async () => accounts;
}

function unauthorized(message: string): HttpResponse {
  const response = hostError('unauthorized', 401, 'not-sent', message);
  response.headers.push(['www-authenticate', 'Bearer']);
  return response;
}

function healthResponse(method: string, body: string): HttpResponse {
  if (method === 'GET' || method === 'HEAD') {
    return { status: 200, headers: [['content-type', 'application/json']], body: new TextEncoder().encode(body), warnings: [] };
  }
  const response = hostError('method-not-allowed', 405, 'not-sent', 'expected GET');
  response.headers.push(['allow', 'GET, HEAD']);
  return response;
}

/** The body of a request, or as much of one that is too large as shows that it is; `undefined` where it ends early. */
async function body(request: Request): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  const reader = request.body?.getReader();
  try {
    for (let length = 0; reader && length <= MAX_BODY; ) {
      const { done, value } = await reader.read();
      if (done) return concatenated(chunks);
      chunks.push(value);
      length += value.length;
    }
  } catch {
    return undefined;
  }
  void reader?.cancel().catch(() => {});
  return concatenated(chunks);
}

/**
 * The account of a request, and why its client may not do that, if so. Where the request names no account and its client reaches one
 * alone, the request is made to name that one. A path, a method, a body and an id of an account are the component's to reject.
 */
function gate({ accounts, operations }: Grant, request: HttpRequest): { account: string; denied?: () => HttpResponse } {
  const query = request.target.includes('?') ? request.target.slice(request.target.indexOf('?') + 1) : '';
  const named = [...new URLSearchParams(query)].filter(([name]) => isAccount(name));
  let account = named.length === 1 ? (named[0]?.[1] ?? '') : '';
  if (named.length === 0 && accounts !== 'all' && accounts.length === 1) {
    account = accounts[0] as string;
    request.target += `${request.target.includes('?') ? '&' : '?'}${ACCOUNT}=${account}`;
  }
  if (accounts !== 'all' && !accounts.some((id) => id.toLowerCase() === account.toLowerCase())) return { account: '' };
  const needed = OPERATIONS[request.method];
  if (!needed || !operations || operations.includes(needed)) return { account };
  return { account, denied: () => hostError('forbidden', 403, 'not-sent', `the token is not for the operation \`${needed}\``) };
}

/** Whether a parameter names the account. Clients that spell every parameter as an array spell this one so, too. */
function isAccount(name: string): boolean {
  return name.startsWith(ACCOUNT) && /^(?:\[\d*\])?$/.test(name.slice(ACCOUNT.length));
}

/** A response of the call, with the headers of every response. */
function published({ status, headers, body }: HttpResponse, method: string): globalThis.Response {
  const all = new Headers();
  for (const [name, value] of headers) {
    try {
      all.append(name, value);
    } catch {
      // The content type of `raw` is the provider's own; an invalid one is left out.
    }
  }
  all.set('x-request-id', crypto.randomUUID());
  all.set('x-content-type-options', 'nosniff');
  all.set('cache-control', 'no-store');
  return new Response(method === 'HEAD' ? null : new Uint8Array(body), { status, headers: all });
}
