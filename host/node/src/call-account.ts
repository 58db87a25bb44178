/** The account of one call: what the component learns of it, where its requests may go, and what authenticates them. */

import { shownKey } from './accounts.js';
import type { Found } from './accounts.js';
import { authenticate, integration } from './component.js';
import type { ComponentAccount, Integration, Modules, Resolve } from './component.js';
import { Redactor } from './redact.js';
import type { ProviderRequest } from './send.js';
import type { Account } from './types.js';

const MASK = '***';

/**
 * Headers that are not the component's to set, or by which a response would come compressed or in pieces: there, redaction would not find a secret
 * that the provider repeats.
 */
const DROPPED = new Set(
  (
    'accept-charset accept-encoding connection content-length expect forwarded host if-range keep-alive range te trailer ' +
    'transfer-encoding upgrade'
  ).split(' '),
);

/** The account of one call. */
export class CallAccount {
  /** Answers the component: only the account of the call is known. */
  readonly resolve: Resolve;
  /** Whether there is an account that can be used. */
  readonly exists: boolean = false;
  readonly integration: Integration | undefined;
  readonly #redactor: Redactor;
  readonly #headers: Map<string, string>;
  readonly #origin: string | undefined;

  constructor(modules: Modules, found: Found) {
    this.#headers = new Map();
    if (!('account' in found)) {
      this.resolve = () => ({
        tag: 'err',
        val: 'unusable' in found ? { tag: 'unusable', val: found.unusable } : { tag: 'unknown' },
      });
      this.#redactor = new Redactor([]);
      return;
    }
    const { account } = found;
    this.integration = integration(modules, account.integration);
    const violations = this.integration ? unknownNames(account, this.integration) : [];
    if (violations.length > 0) {
      this.resolve = () => ({ tag: 'err', val: { tag: 'unusable', val: violations.join('; ') } });
      this.#redactor = new Redactor([]);
      return;
    }
    const credentials = Object.entries(account.credentials ?? {}).map(([name, value]): [string, string] => [
      name,
      normalized(value),
    ]);
    this.resolve = (id) => {
      if (id.toLowerCase() !== account.id.toLowerCase()) return { tag: 'err', val: { tag: 'unknown' } };
      return { tag: 'ok', val: forComponent(account) };
    };
    this.exists = true;
    this.#headers = authenticate(modules, account.integration, credentials);
    this.#origin = origin(account, this.integration);
    this.#redactor = new Redactor(secrets(this.integration, credentials, this.#headers));
  }

  /** The request with what authenticates in place of each mask. */
  authenticated(request: ProviderRequest): ProviderRequest {
    const kept = request.headers.filter(([name]) => !DROPPED.has(name.toLowerCase()));
    const headers = kept.map(([name, value]): [string, string] => [
      name,
      value === MASK ? (this.#headers.get(name) ?? value) : value,
    ]);
    // A client that sends what it is given, such as that of Node.js for DELETE, would leave the end of the body open.
    if (request.body.length > 0) headers.push(['content-length', String(request.body.length)]);
    return { ...request, headers };
  }

  /** Why a request may not leave, if it may not. */
  denial({ method, url }: Pick<ProviderRequest, 'method' | 'url'>): string | undefined {
    if (this.#origin === undefined) return 'the call has no account';
    if (!URL.canParse(url)) return 'only absolute URLs may be reached';
    const { origin, username, password } = new URL(url);
    if (username !== '' || password !== '') return 'only URLs without a user name may be reached';
    if (method === 'CONNECT' || method === 'TRACE') return `the method ${method} is not sent`;
    return origin === this.#origin ? undefined : `the account does not lead to ${origin}`;
  }

  /** The same text without the account's secrets. */
  redactText(text: string): string {
    return this.#redactor.text(text);
  }

  /** The same bytes without the account's secrets. */
  redact(bytes: Uint8Array): Uint8Array {
    return this.#redactor.bytes(bytes);
  }
}

/** The settings and credentials that the integration does not have. */
function unknownNames(account: Account, { title, settings, credentials }: Integration): string[] {
  const known = { settings: settings.map(({ name }) => name), credentials: credentials.flatMap(({ names }) => names) };
  const unknown = (['settings', 'credentials'] as const).flatMap((kind) =>
    Object.keys(account[kind] ?? {})
      .filter((name) => !known[kind].includes(name))
      .map((name) => `${kind.slice(0, -1)} \`${shownKey(name)}\``),
  );
  return unknown.map((each) => `${each} is not one of ${title}`);
}

function forComponent(account: Account): ComponentAccount {
  const made: ComponentAccount = {
    integration: account.integration,
    settings: Object.entries(account.settings ?? {}),
    credentials: { tag: 'injected', val: Object.keys(account.credentials ?? {}) },
  };
  if (account.base_url !== undefined) made.baseUrl = account.base_url;
  return made;
}

/** The one origin that requests may go to: that of the account's own base URL, else the integration's, by TLS. */
function origin(account: Account, integration: Integration | undefined): string | undefined {
  const template = integration?.baseUrl ?? '';
  const setting = (name: string) => {
    const own = account.settings?.[name];
    return own?.trim() ? own : (integration?.settings.find((known) => known.name === name)?.default ?? '');
  };
  try {
    return new URL(account.base_url ?? template.replace(/\{([^}]+)\}/g, (_, name: string) => setting(name))).origin;
  } catch {
    // The component names what is wrong with it, and asks for no request.
    return undefined;
  }
}

/**
 * A credential as the provider is to receive it. HTTP has no white space at the ends of a header's value (RFC 9110, section 5.5), and
 * the word `Bearer` before a token is the scheme's (RFC 6750), which people paste along with it.
 */
export function normalized(credential: string): string {
  return credential.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '').replace(/^(?:bearer(?:[\s\u0085]+|$))+/i, '');
}

/** The values that must not come back: the credentials except user names, the pair of `Basic`, and their base64 forms. */
export function secrets(
  integration: Integration | undefined,
  credentials: [string, string][],
  headers: Map<string, string>,
): string[] {
  const schemes = integration?.credentials ?? [];
  const isUserName = (name: string) =>
    schemes.some(({ scheme, names }) => scheme === 'basic' && names.length > 1 && names[0] === name);
  const found: string[] = [];
  for (const [name, value] of credentials) {
    const bytes = new TextEncoder().encode(value);
    if (isUserName(name) || bytes.length < 8) continue;
    found.push(value, ...spellings(btoa(String.fromCharCode(...bytes))));
  }
  for (const value of headers.values()) {
    if (value.startsWith('Basic ')) found.push(...spellings(value.slice('Basic '.length)));
  }
  return found;
}

/** The spellings of a base64 text: with both alphabets, with padding and without (RFC 4648, sections 3.2, 4 and 5). */
function spellings(base64: string): string[] {
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
  return [base64, urlSafe].flatMap((padded) => [padded, padded.replace(/=+$/, '')]);
}
