/**
 * Sending by `node:http`. The `fetch` of Node.js is no client for a request that must leave at most once: after a 421 it sends a second
 * one (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */

import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { concatenated } from './redact.js';
import { SendError } from './send.js';
import type { Send } from './send.js';

/** The most bytes of a response's head. */
const MAX_HEAD = 128 << 10;

/** Sends a request on a connection of its own, which no other request can break. */
export const send: Send = ({ method, url, headers, body }, { signal, maxBody }) =>
  new Promise((resolve, reject) => {
    const isSecure = url.startsWith('https:');
    const options: RequestOptions = { method, headers: Object.fromEntries(headers), agent: false, maxHeaderSize: MAX_HEAD };
    let connected = false;
    let status: number | undefined;
    const fail = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      const message = error.message || error.code || 'the request failed';
      if (error instanceof SendError) reject(error);
      else if (!connected) reject(new SendError('no-connection', message));
      else if (error.code === 'HPE_HEADER_OVERFLOW') reject(new SendError('response-too-large', message));
      else reject(new SendError(status === undefined ? 'connection-lost' : 'response-truncated', message, status));
      request.destroy();
    };
    const abort = () => fail(new Error('the request was given up'));
    const read = (response: IncomingMessage) => {
      status = response.statusCode as number;
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on('data', (chunk: Uint8Array) => {
        length += chunk.length;
        if (length > maxBody) fail(new SendError('response-too-large', 'the response is too large', status));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('close', () => {
        if (!response.complete) fail(new Error('the connection closed within the response'));
      });
      response.on('end', () => {
        if (!response.complete) return;
        signal.removeEventListener('abort', abort);
        const { rawHeaders } = response;
        const all = Array.from({ length: rawHeaders.length / 2 }, (_, at): [string, string] => [
          rawHeaders[2 * at] as string,
          rawHeaders[2 * at + 1] as string,
        ]);
        // It is of the connection, not of the response (RFC 9110, section 7.6.1).
        const received = all.filter(([name]) => name.toLowerCase() !== 'connection');
        resolve({ status: status as number, headers: received, body: concatenated(chunks) });
      });
    };
    let request: ClientRequest;
    try {
      request = (isSecure ? httpsRequest : httpRequest)(url, options, read);
    } catch {
      // Its text may be of a header.
      return reject(new SendError('egress-denied', 'it is not a request of HTTP'));
    }
    request.on('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => (connected = true)));
    request.on('error', fail);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    request.end(body);
  });
