/** Sending by `fetch`, for runtimes whose own can be kept from sending a request twice. */

import { concatenated } from './redact.js';
import { SendError } from './send.js';
import type { Send } from './send.js';

/** How a runtime's `fetch` is used, and what is known of its errors. */
export interface FetchOptions {
  /** What this runtime needs besides. */
  init?: RequestInit;
  /** Whether an error says for certain that there was no connection. */
  isUnconnected?: (error: unknown) => boolean;
  /** Whether `fetch` decodes the body: the header that says how it was coded is then not of the body. */
  decodes: boolean;
}

/** Headers that `fetch` sets itself. */
const OWN_HEADERS = ['content-length'];

/** A sender by `fetch`. */
export function sendByFetch({ init = {}, isUnconnected = () => false, decodes }: FetchOptions): Send {
  return async ({ method, url, headers, body }, { signal, maxBody }) => {
    const content = body.length > 0 ? { body: new Uint8Array(body) } : {};
    const sent = headers.filter(([name]) => !OWN_HEADERS.includes(name));
    let response: Response;
    try {
      response = await fetch(url, { ...init, method, headers: sent, ...content, signal, redirect: 'manual' });
    } catch (error) {
      const message = error instanceof Error ? error.message : 'the request failed';
      throw new SendError(isUnconnected(error) ? 'no-connection' : 'connection-lost', message);
    }
    if (response.type === 'opaqueredirect') {
      throw new SendError('connection-lost', 'the provider responded with a redirect, which this runtime does not show');
    }
    const { status } = response;
    const received = [...response.headers].filter(([name]) => !decodes || !['content-encoding', 'content-length'].includes(name));
    return { status, headers: received as [string, string][], body: await read(response, maxBody) };
  };
}

async function read({ body, status }: Response, maxBody: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = body?.getReader();
  try {
    for (let length = 0; reader; ) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > maxBody) {
        void reader.cancel().catch(() => {});
        throw new SendError('response-too-large', 'the response is too large', status);
      }
      chunks.push(value);
    }
  } catch (error) {
    if (error instanceof SendError) throw error;
    throw new SendError('response-truncated', error instanceof Error ? error.message : 'the response broke off', status);
  }
  return concatenated(chunks);
}
