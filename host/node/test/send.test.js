// The sender of Node.js, against servers on loopback.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { send } from '../out/package/dist/send-node.js';

const SECRET = 'keep-me-secret';
const request = (url) => ({
  method: 'POST',
  url,
  headers: [['authorization', `Bearer ${SECRET}`]],
  body: new TextEncoder().encode('{}'),
});
const context = (more) => ({ safety: 'once', signal: AbortSignal.timeout(20_000), maxBody: 100, ...more });

/** Serves on loopback while the test runs; what has arrived. */
async function serving(server, use) {
  const received = [];
  let connections = 0;
  server.on('request', ({ method }) => received.push(method));
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(server.address().port, { received, connections: () => connections });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('certificate that is not trusted receives nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unified-ticketing-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    await serving(server, async (port, { received }) => {
      await assert.rejects(send(request(`https://127.0.0.1:${port}/`), context()), { kind: 'no-connection' });
      assert.deepEqual(received, []);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('each request has a connection of its own, and is not sent again', async () => {
  for (const status of [200, 307, 421, 503]) {
    const server = http.createServer((_, response) => response.writeHead(status, { location: '/elsewhere' }).end('{}'));
    await serving(server, async (port, { received, connections }) => {
      for (let sent = 1; sent <= 2; sent += 1) {
        assert.equal((await send(request(`http://127.0.0.1:${port}/`), context())).status, status);
        assert.deepEqual([received.length, connections()], [sent, sent]);
      }
    });
  }
});

test('body of any method arrives whole', async () => {
  const bodies = [];
  const server = http.createServer(async (incoming, response) => {
    bodies.push([incoming.method, Buffer.concat(await incoming.toArray()).toString()]);
    response.end();
  });
  await serving(server, async (port) => {
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const { url, headers, body } = request(`http://127.0.0.1:${port}/`);
      await send({ method, url, headers: [...headers, ['content-length', '2']], body }, context());
    }
  });
  assert.deepEqual(bodies, [
    ['POST', '{}'],
    ['PATCH', '{}'],
    ['DELETE', '{}'],
  ]);
});

test('what breaks off after the request is lost, and sent once', async () => {
  for (const [respond, kind] of [
    [(response) => response.socket.destroy(), 'connection-lost'],
    [(response) => response.writeHead(201, { 'content-length': 9 }).write('{', () => response.socket.destroy()), 'response-truncated'],
    [(response) => response.writeHead(201).end('x'.repeat(101)), 'response-too-large'],
    [(response) => response.writeHead(201, { 'x-large': 'x'.repeat(129 << 10) }).end(), 'response-too-large'],
  ]) {
    await serving(
      http.createServer((_, response) => respond(response)),
      async (port, { received }) => {
        const error = await send(request(`http://127.0.0.1:${port}/`), context()).catch((error) => error);
        assert.equal(error.kind, kind);
        assert.ok(!String(error.stack).includes(SECRET));
        assert.deepEqual(received, ['POST']);
      },
    );
  }
});

test('what HTTP does not have is not sent', async () => {
  const headers = [['authorization', `${SECRET}\n`]];
  const error = await send({ ...request('http://127.0.0.1:9/'), headers }, context()).catch((error) => error);
  assert.equal(error.kind, 'egress-denied');
  assert.ok(!String(error.stack).includes(SECRET));
});

test('signal ends an exchange with what is known', async () => {
  await serving(http.createServer(), async (port, { received }) => {
    await assert.rejects(send(request(`http://127.0.0.1:${port}/`), context({ signal: AbortSignal.abort() })), {
      kind: 'no-connection',
    });
    assert.deepEqual(received, []);
    const end = new AbortController();
    const sending = send(request(`http://127.0.0.1:${port}/`), context({ signal: end.signal }));
    sending.catch(() => {});
    while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    end.abort();
    await assert.rejects(sending, { kind: 'connection-lost' });
  });
});
