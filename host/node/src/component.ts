/** The component: fresh instances of it, one for each step of a call, so that nothing of a call is left for another. */

import { instantiate } from '../generated/ticketing.js';
import type { ImportObject } from '../generated/ticketing.js';
import type { Account } from '../generated/interfaces/unified-ticketing-accounts.js';
import type { HttpRequest, HttpResponse, HttpStep } from '../generated/interfaces/unified-ticketing-http-api.js';
import type { Integration } from '../generated/interfaces/unified-ticketing-integrations.js';
import type { ProviderResponse, Sending, TransportError } from '../generated/interfaces/unified-ticketing-types.js';
import { runtime } from './runtime.js';

export type { Account as ComponentAccount, HttpRequest, HttpResponse, HttpStep, Integration, Sending, TransportError };

/** What became of a request: the provider's response, or why there is none. */
export type Sent = { tag: 'ok'; val: ProviderResponse } | { tag: 'err'; val: TransportError };

/** The names of the core modules. */
export const MODULES = ['ticketing.core.wasm', 'ticketing.core2.wasm', 'ticketing.core3.wasm'] as const;

/** The compiled core modules, by name. */
export type Modules = Readonly<Record<(typeof MODULES)[number], WebAssembly.Module>>;

/** Answers for the account of a call: the account, or why there is none. */
export type Resolve = (id: string) =>
  | { tag: 'ok'; val: Account }
  | { tag: 'err'; val: { tag: 'unknown' } | { tag: 'unusable'; val: string } };

let modules: Promise<Modules> | undefined;

/** Compiles the component, once. */
export async function load(): Promise<Modules> {
  modules ??= runtime().modules();
  try {
    return await modules;
  } catch (error) {
    // The next call tries again.
    modules = undefined;
    throw error;
  }
}

/** A fresh instance. */
export function instance(compiled: Modules, resolve: Resolve) {
  const accounts = {
    resolve(id: string) {
      const resolved = resolve(id);
      if (resolved.tag === 'ok') return resolved.val;
      throw resolved.val;
    },
  };
  // The declaration of `instantiate` has versions in the names of imports, its code has none.
  const imports = { 'unified:ticketing/accounts': accounts } as unknown as ImportObject;
  return instantiate((name) => compiled[name as keyof Modules], imports);
}

const NO_ACCOUNT: Resolve = () => ({ tag: 'err', val: { tag: 'unknown' } });

let integrations: readonly Integration[] | undefined;

/** What is known of the integration of this name. The tables are of the component alone, and so the same for every account. */
export function integration(compiled: Modules, name: string): Integration | undefined {
  integrations ??= instance(compiled, NO_ACCOUNT).integrations.listIntegrations();
  return integrations.find((known) => known.name === name);
}

/** The headers that authenticate; none where the credentials cannot. They are made in an instance that does nothing else. */
export function authenticate(compiled: Modules, name: string, credentials: [string, string][]): Map<string, string> {
  const { integrations } = instance(compiled, NO_ACCOUNT);
  try {
    return new Map(integrations.authenticate(name, credentials));
  } catch (error) {
    // The component names what is wrong with an account when it is asked for it.
    if (Object.hasOwn(error as object, 'payload')) return new Map();
    // Its text may be of the credentials.
    throw new Error('the component made no headers of the credentials');
  }
}
