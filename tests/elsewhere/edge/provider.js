// A provider that fails. It passes everything on to the simulators, on sockets of its own, so that each connection does exactly what a
// fault says; a user that it was asked to create does exist, whatever its client learns of it.
// The credential is the test's own; the simulators have another.

import net from 'node:net';
import { gzipSync } from 'node:zlib';

import { send } from './sandbox.js';

/** The faults: what becomes of the connection after the request. */
const FAULTS = {
  close: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  redirect: (socket) => socket.write(response(307, '', { location: '/elsewhere' })),
  misdirected: (socket) => socket.write(response(421, '{}')),
  gzip: (socket, { status, text }) => socket.write(response(status, gzipSync(text), { 'content-encoding': 'gzip' })),
  truncated: (socket, { status, text }) => socket.end(response(status, text).subarray(0, -10)),
  echo: (socket, _, head) => socket.write(response(422, JSON.stringify({ message: 'no', request: head }))),
};

function response(status, body, headers = {}) {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': bytes.length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join('')}\r\n`), bytes]);
}

/** Starts a provider in front of the simulators. */
export async function provider({ origin, token }) {
  const received = [];
  const waiting = [];
  let fault;
  const note = (request) => {
    received.push(request);
    for (const each of waiting) each();
  };
  async function respond(socket, head, body) {
    const [line, ...fields] = head.split('\r\n');
    const [method, path] = line.split(' ');
    const headers = Object.fromEntries(
      fields.map((field) => field.split(/: */, 2)).filter(([name]) => !/^(host|connection|authorization)$/i.test(name)),
    );
    note({ method, path, head });
    const from = await send(`${origin}${path}`, { method, headers: { ...headers, authorization: token }, body });
    if (method !== fault?.method) return socket.write(response(from.status, from.text));
    await fault.until;
    return FAULTS[fault.name](socket, from, head);
  }
  const server = net.createServer((socket) => {
    let buffered = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = buffered.subarray(0, end).toString();
      const length = Number(head.match(/^content-length: *(\d+)/im)?.[1] ?? 0);
      if (/^transfer-encoding:/im.test(head)) throw new Error('a request in chunks, which this provider does not read');
      if (buffered.length < end + 4 + length) return;
      const body = buffered.subarray(end + 4, end + 4 + length);
      buffered = buffered.subarray(end + 4 + length);
      respond(socket, head, body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    received,
    /** Sets the fault of requests with this method, which happens once `until` is resolved. */
    fail(name, { method = 'POST', until } = {}) {
      received.length = 0;
      fault = name && { name, method, until };
    },
    /** Waits for a request. */
    async request(matches) {
      while (!received.some(matches)) await new Promise((resolve) => waiting.push(resolve));
    },
    stop: () => server.close(),
  };
}
