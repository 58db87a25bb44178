/** The bearer tokens that a server accepts (RFC 6750), and what each of them reaches. */

import { Reader, isUuid, parsed } from './accounts.js';
import { variable } from './runtime.js';

/** The variable with the tokens, where none are given. */
export const TOKENS = 'UNIFIED_TICKETING_TOKENS_JSON';

/** What a token may do. */
export type TokenOperation = 'read' | 'create' | 'update' | 'delete';

/** A token of the file of tokens. It has the token's digest, not the token. */
export interface Token {
  /** 1 to 40 characters in a line, by which people know it. */
  name: string;
  /** The name of the token whose place this one takes. */
  scope?: string;
  /** The token's SHA-256 digest, 64 hexadecimal digits, as `unified-ticketing token new` prints it. */
  sha256: string;
  /** The ids of the accounts that it reaches, or `all`. */
  accounts: string[] | 'all';
  /** What it may do. */
  operations: TokenOperation[];
}

const MEMBERS = ['name', 'scope', 'sha256', 'accounts', 'operations'];
const OPERATIONS: readonly string[] = ['read', 'create', 'update', 'delete'];
const MAX_NAME = 40;

/** What a client may do: with which accounts, by their ids, and which operations. */
export interface Grant {
  /** The ids of the accounts that it reaches, or `all`. One that it does not reach is unknown to it. */
  accounts: readonly string[] | 'all';
  /** What it may do; everything unless said otherwise. A dry run counts as what it shows. */
  operations?: readonly TokenOperation[];
}

/** The tokens that a server accepts. */
export class Tokens {
  readonly #tokens: readonly { digest: Uint8Array; grant: Grant }[];

  private constructor(tokens: readonly Token[]) {
    this.#tokens = tokens.map(({ sha256, accounts, operations }) => ({
      digest: Uint8Array.from(sha256.match(/../g) as string[], (digits) => parseInt(digits, 16)),
      grant: { accounts: accounts === 'all' ? accounts : accounts.map((id) => id.toLowerCase()), operations: [...operations] },
    }));
  }

  /** Reads tokens; every violation at once, and none holds a token or a digest. `ids` are the accounts that there are, if known. */
  static read(reader: Reader, path: string, value: unknown, ids?: readonly string[]): Tokens | undefined {
    if (!Array.isArray(value)) {
      reader.expected(path, 'an array', value);
      return undefined;
    }
    if (value.length === 0) reader.violation(path, 'expected a token, but found none');
    const taken = { name: new Set<string>(), sha256: new Set<string>() };
    value.forEach((each: unknown, index) => readToken(reader, `${path}/${index}`, each, taken, ids));
    return reader.violations.length === 0 ? new Tokens(value as Token[]) : undefined;
  }

  /** What was read last: the variable is the same for every request, as a rule. */
  static #last: { json: string; ids: readonly string[] | undefined; tokens: Tokens } | undefined;

  /** Reads the variable with the tokens. `undefined` where it is not set, or has violations. */
  static of(reader: Reader, env: unknown, ids?: readonly string[]): Tokens | undefined {
    const json = variable(TOKENS, env);
    if (json === undefined) return undefined;
    const last = Tokens.#last;
    if (last?.json === json && last.ids === ids) return last.tokens;
    const document = parsed(reader, json);
    const members = document === undefined ? undefined : reader.object('', document, ['token']);
    const tokens = members && Tokens.read(reader, '/token', members.token, ids);
    if (tokens) Tokens.#last = { json, ids, tokens };
    return tokens;
  }

  /**
   * What the token of an `authorization` header may do. The time that this takes depends neither on the wrong part nor on which one it
   * is.
   */
  async find(authorization: string | null): Promise<Grant | undefined> {
    // A token is printable ASCII, so that only blanks and tabs are removed from its ends.
    const [, token] = /^bearer ([\t\x20-\x7e]*)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) return undefined;
    const given = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token.trim())));
    let found: Grant | undefined;
    for (const { digest, grant } of this.#tokens) {
      let difference = 0;
      for (let at = 0; at < digest.length; at += 1) difference |= (digest[at] as number) ^ (given[at] as number);
      found = [found, grant][Number(difference === 0)];
    }
    return found;
  }
}

function readToken(
  reader: Reader,
  path: string,
  value: unknown,
  taken: { name: Set<string>; sha256: Set<string> },
  ids: readonly string[] | undefined,
): void {
  const members = reader.object(path, value, MEMBERS);
  if (!members) return;
  const take = (member: 'name' | 'sha256', text: string, message: string) => {
    if (taken[member].has(text)) reader.violation(`${path}/${member}`, message);
    taken[member].add(text);
  };
  for (const member of ['name', 'scope']) {
    if (member === 'scope' && members.scope === undefined) continue;
    const name = reader.required(path, members, member);
    if (name === undefined) continue;
    if (name.trim() !== name || name === '' || [...name].length > MAX_NAME || /\p{Cc}/u.test(name)) {
      reader.violation(`${path}/${member}`, `expected 1 to ${MAX_NAME} characters in a line, without a space at an end`);
    } else if (member === 'name') take('name', name, `\`${name}\` is taken by a token before`);
  }
  const digest = reader.required(path, members, 'sha256');
  if (digest !== undefined) {
    // It may be the token itself.
    if (!/^[0-9a-f]{64}$/i.test(digest))
      reader.violation(`${path}/sha256`, 'expected 64 hexadecimal digits, as `unified-ticketing token new` prints them');
    else take('sha256', digest.toLowerCase(), 'it is the same as that of a token before');
  }
  if (members.accounts !== 'all')
    strings(reader, path, 'accounts', '"all" or an array of accounts\' ids', members).forEach((id, index) => {
      if (!isUuid(id)) reader.violation(`${path}/accounts/${index}`, 'expected a UUID');
      else if (ids && !ids.includes(id.toLowerCase()))
        reader.violation(`${path}/accounts/${index}`, `there is no account \`${id}\``);
    });
  strings(reader, path, 'operations', 'an array of operations', members).forEach((name, index) => {
    if (!OPERATIONS.includes(name))
      reader.violation(`${path}/operations/${index}`, `expected one of \`${OPERATIONS.join('`, `')}\``);
  });
}

/** The strings of an array that is not empty. */
function strings(reader: Reader, path: string, member: string, expected: string, members: Record<string, unknown>): string[] {
  const value = members[member];
  if (value === undefined) reader.violation(`${path}/${member}`, 'missing');
  else if (!Array.isArray(value)) reader.expected(`${path}/${member}`, expected, value);
  else if (value.length === 0)
    reader.violation(`${path}/${member}`, `expected ${expected}, but found an empty one: the token would be of no use`);
  else return value.map((each: unknown, index) => reader.string(`${path}/${member}/${index}`, each) ?? '');
  return [];
}
