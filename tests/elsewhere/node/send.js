// Sends a request by `node:http`. `fetch` is no client for a request that must leave at most once: after a 421 it sends a second one.

import http from 'node:http';
import https from 'node:https';

/** The provider's complete response, or why there is none: a `result<provider-response, transport-error>`. Never rejects. */
export function send({ method, url, headers, body }) {
  return new Promise((resolve) => {
    const fail = (tag, val) => resolve({ tag: 'err', val: { tag, val } });
    const client = url.startsWith('https:') ? https : http;
    const request = client.request(url, { method, headers: Object.fromEntries(headers) }, (response) => {
      const { statusCode: status, rawHeaders } = response;
      const headers = [];
      for (let at = 0; at < rawHeaders.length; at += 2) headers.push(rawHeaders.slice(at, at + 2));
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ tag: 'ok', val: { status, headers, body: new Uint8Array(Buffer.concat(chunks)) } }));
      response.on('error', (error) => fail('response-truncated', [status, error.message]));
    });
    // Unless the connection failed, the provider may have the request.
    request.on('error', (error) => {
      fail(['connect', 'getaddrinfo'].includes(error.syscall) ? 'no-connection' : 'connection-lost', error.message);
    });
    request.end(body);
  });
}
