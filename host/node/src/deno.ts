/** The package in Deno. */

import { modules } from './modules-file.js';
import { provide } from './runtime.js';
import { sendByFetch } from './send-fetch.js';
import type { Send } from './send.js';

export * from './index.js';

interface DenoNamespace {
  createHttpClient(options: { poolMaxIdlePerHost: number }): unknown;
}

/** The words of the HTTP client below, hyper-util, for an error before it has a connection: of name, TCP or TLS. No URL has a blank. */
const isUnconnected = (error: unknown) => {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && cause.message.includes('): client error (Connect)');
};

let own: Send | undefined;
/** Made at the first request. On a connection that was used before, the client would send a request again where that one breaks. */
const send: Send = (request, context) => {
  const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
  own ??= sendByFetch({
    init: { client: Deno.createHttpClient({ poolMaxIdlePerHost: 0 }) } as RequestInit,
    isUnconnected,
    decodes: true,
  });
  return own(request, context);
};

provide({ modules, send });
