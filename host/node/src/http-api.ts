/** Requests of the HTTP API, made of a method's arguments; and the responses, made of the API's. */

import { isObject, kind } from './accounts.js';
import type { HttpRequest, HttpResponse } from './component.js';
import { TicketingError } from './error.js';
import type { ErrorBody } from './error.js';
import type { Send } from './send.js';
import type { CallResult, CreateOptions, Options, RateLimit, Response, UserQuery } from './types.js';

export const USERS = '/unified/ticketing/users';

type Pairs = [string, string][];

/** The parameters of the options, by name. */
const PARAMETERS: Record<string, (value: never) => Pairs> = {
  format: (value: unknown) => [['truto_response_format', string('format', value)]],
  ignoreRemoteData: (value: unknown) => [['truto_ignore_remote_data', boolean('ignoreRemoteData', value)]],
  excludeFields: (value: unknown) =>
    array('excludeFields', value).map((field) => ['truto_exclude_fields[]', string('excludeFields', field)]),
  remoteQuery: (value: unknown) =>
    pairs('remoteQuery', value).map(([name, each]) => [
      `remote_query[${string('remoteQuery', name)}]`,
      string('remoteQuery', each),
    ]),
  collections: (value: unknown) => array('collections', value).flatMap(collection),
  strict: (value: unknown) => [['unified_strict', boolean('strict', value)]],
  ifExists: (value: unknown) => [['unified_if_exists', string('ifExists', value)]],
  settle: (value: unknown) => [['unified_settle', boolean('settle', value)]],
  resend: (value: unknown) => [['unified_resend', boolean('resend', value)]],
};
const OF_CREATION = ['ifExists', 'settle', 'resend'];
/** The options that are not parameters. */
const OF_THE_CALL = ['deadline', 'signal'];
const QUERY: Record<keyof UserQuery, string> = { email: 'emails[0][email]', cursor: 'next_cursor', limit: 'limit' };

function wrong(name: string, expected: string, found: unknown): TypeError {
  return new TypeError(`${name}: expected ${expected}, but found ${kind(found)}`);
}

export function string(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  return value;
}

function boolean(name: string, value: unknown): string {
  if (typeof value !== 'boolean') throw wrong(name, 'a boolean', value);
  return String(value);
}

function array(name: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrong(name, 'an array', value);
  return value;
}

function pairs(name: string, value: unknown): unknown[][] {
  if (Array.isArray(value)) return value.map((pair) => array(name, pair));
  if (!isObject(value)) throw wrong(name, 'an object or an array of pairs', value);
  return Object.entries(value);
}

function collection(value: unknown, index: number): Pairs {
  if (!isObject(value)) throw wrong('collections', 'objects', value);
  const known = Object.entries(value).filter(([, each]) => each !== undefined);
  return known.map(([key, each]) => [`collections[${index}][${key}]`, string(`collections[${index}].${key}`, each)]);
}

/** Checks a sender of the program's own. */
export function ownSend(value: Send | undefined): Send | undefined {
  if (value !== undefined && typeof value !== 'function') throw wrong('send', 'a function', value);
  return value;
}

/** Checks a deadline. The longest is that of the timers of every runtime. */
export function milliseconds(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0 && value <= 0x7fffffff)) {
    throw new TypeError('deadline: expected milliseconds, more than 0 and at most 2147483647');
  }
  return value;
}

/** The parameters of a method's options. */
export function parameters(options: CreateOptions | Options, creates: boolean): Pairs {
  if (!isObject(options)) throw wrong('options', 'an object', options);
  const known = [...Object.keys(PARAMETERS).filter((name) => creates || !OF_CREATION.includes(name)), ...OF_THE_CALL];
  const made: Pairs = [];
  for (const [name, value] of Object.entries(options) as [string, never][]) {
    if (!known.includes(name)) throw new TypeError(`options: expected one of \`${known.join('`, `')}\`, but found \`${name}\``);
    if (value !== undefined) made.push(...(PARAMETERS[name]?.(value) ?? []));
  }
  if (options.deadline !== undefined) milliseconds(options.deadline);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw wrong('signal', 'an `AbortSignal`', options.signal);
  return made;
}

/** The parameters of a query. */
export function query(value: UserQuery): Pairs {
  if (!isObject(value)) throw wrong('query', 'an object', value);
  return Object.entries(value).flatMap(([name, each]): Pairs => {
    const parameter = QUERY[name as keyof UserQuery];
    if (parameter === undefined) throw new TypeError(`query: expected \`email\`, \`cursor\` or \`limit\`, but found \`${name}\``);
    if (each === undefined || each === null) return [];
    if (name !== 'limit') return [[parameter, string(name, each)]];
    if (typeof each !== 'number') throw wrong('limit', 'a number', each);
    return [[parameter, String(each)]];
  });
}

/** A request of the HTTP API. */
export function httpRequest(method: string, account: string, id: string | undefined, made: Pairs, body?: unknown): HttpRequest {
  // A lone surrogate is no character, and has no form in UTF-8.
  const encode = (text: string) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  const all: Pairs = [['integrated_account_id', account], ...made];
  const target = `${USERS}${id === undefined ? '' : `/${encode(id)}`}?${all.map((pair) => pair.map(encode).join('=')).join('&')}`;
  const bytes = body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body));
  return { method, target, headers: body === undefined ? [] : [['content-type', 'application/json']], body: bytes };
}

/** The response of a call, in the form of this package; or the error. */
export function response<Body>({ status, headers, body, warnings, error }: HttpResponse): Response<Body> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  const values = new Map(headers);
  const rateLimit: RateLimit = {};
  for (const name of ['limit', 'remaining', 'reset'] as const) {
    const figure = values.get(`ratelimit-${name}`);
    if (figure !== undefined) rateLimit[name] = Number(figure);
  }
  const figures = Object.keys(rateLimit).length > 0 ? { rateLimit } : {};
  if (error || status !== 200) {
    const retryAfter = values.get('retry-after');
    throw new TicketingError(
      JSON.parse(text) as ErrorBody,
      retryAfter === undefined ? figures : { ...figures, retryAfter: Number(retryAfter) },
    );
  }
  const parsed = json(text);
  const nextCursor = values.get('unified-next-cursor') ?? (isObject(parsed) ? parsed.next_cursor : undefined);
  return {
    body: parsed as Body,
    text,
    result: (values.get('unified-result') ?? 'planned') as CallResult,
    warnings: warnings as Response<Body>['warnings'],
    ...(typeof nextCursor === 'string' ? { nextCursor } : {}),
    ...figures,
  };
}

/** What a body means. The provider's own may be none, or no JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return text === '' ? undefined : text;
  }
}
