/**
 * The package in a browser, and anywhere else that has `fetch`.
 *
 * A browser sends a request a second time, a POST too, where a kept connection breaks before a response, and after a 421, and no page
 * can keep it from that (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch). So nothing that creates is sent here.
 */

import { MODULES } from './component.js';
import type { Modules } from './component.js';
import { provide } from './runtime.js';
import { sendByFetch } from './send-fetch.js';
import { SendError } from './send.js';
import type { Send } from './send.js';

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

// A provider needs neither the page's cookies nor its address.
const init: RequestInit = { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' };
const byFetch = sendByFetch({ init, decodes: true });
const CREATES =
  'a browser, or a runtime that this package does not know, may send a request a second time by itself, so none that creates is sent: ' +
  'give a `send` that sends it once, or use the package on a server';

const send: Send = async (request, context) => {
  if (context.safety === 'once') throw new SendError('egress-denied', CREATES);
  return byFetch(request, context);
};

provide({ modules, send });
