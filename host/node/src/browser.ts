/** The package in a browser, and anywhere else that has `fetch`. */

import { MODULES } from './component.js';
import type { Modules } from './component.js';
import { provide } from './runtime.js';
import { sendByFetch } from './send-fetch.js';

export * from './index.js';

/** Named one by one, so that bundlers find the files. */
const URLS: Record<keyof Modules, URL> = {
  'ticketing.core.wasm': new URL('../generated/ticketing.core.wasm', import.meta.url),
  'ticketing.core2.wasm': new URL('../generated/ticketing.core2.wasm', import.meta.url),
  'ticketing.core3.wasm': new URL('../generated/ticketing.core3.wasm', import.meta.url),
};

async function modules(): Promise<Modules> {
  const compiled = MODULES.map(async (name) => {
    const response = await fetch(URLS[name]);
    if (!response.ok) throw new Error(`the module ${name} cannot be loaded: ${response.status}`);
    return [name, await WebAssembly.compile(await response.arrayBuffer())];
  });
  return Object.fromEntries(await Promise.all(compiled)) as Modules;
}

// A page's cookies and address are none of a provider's business.
const init: RequestInit = { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' };

provide({ modules, send: sendByFetch({ init, decodes: true }) });
