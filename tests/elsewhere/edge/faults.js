// What a call says of a provider that fails, and that it sent its request once; in a page, that it sends none that creates.

import http from 'node:http';
import net from 'node:net';

import { open } from './chromium.js';
import { inPage } from './page.js';
import { provider } from './provider.js';
import { start } from './runtimes.js';
import { TOKEN, environment, sandbox, send } from './sandbox.js';

const ACCOUNT = '5b0c3a5e-6f0e-4a5e-9d4f-0d6a3a1c7e21';
const SECRET = 'the"secret/of+the=provider';
const LOST = { code: 'connection-lost', outcome: 'unknown' };
const INVALID = { code: 'invalid-response', outcome: 'unknown' };
const UNCONNECTED = { code: 'no-connection', outcome: 'not-sent' };
const CREATED = { result: 'created' };

/** What a call says of each fault. Where runtimes differ, by the runtime. */
export const FAULTS = {
  close: LOST,
  reset: LOST,
  redirect: INVALID,
  misdirected: { code: 'provider-rejected', outcome: 'rejected' },
  // Deno and workerd decode a body before a program has it.
  gzip: { node: INVALID, bun: INVALID, deno: CREATED, workerd: CREATED },
  truncated: INVALID,
  // A Worker does not learn why there is no connection.
  refused: { node: UNCONNECTED, deno: UNCONNECTED, bun: UNCONNECTED, workerd: LOST },
  echo: { code: 'provider-invalid', outcome: 'rejected' },
  settled: { result: 'settled' },
  'client gone': { result: 'looked' },
};

/** Whether a runtime can have a fault: a page serves nothing. */
export function applies(runtime, name) {
  return runtime !== 'chromium' || name !== 'client gone';
}

/** A port of loopback that refuses connections. */
async function closedPort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Makes the calls of one runtime. Returns, for each fault, why it fails; `undefined` where it does not. */
export async function faults(runtime, folder) {
  const simulators = await sandbox();
  const failing = await provider(simulators);
  const account = { id: ACCOUNT, integration: 'dixa', base_url: `${failing.origin}/dixa/v1`, credentials: { api_token: SECRET } };
  const driver = await (runtime === 'chromium' ? open(failing.origin, folder) : start(runtime, folder, environment([account])));
  const call = async (method, args, { base_url = account.base_url, ownSend } = {}) => {
    const input = { accounts: [{ ...account, base_url }], method, args: [ACCOUNT, ...args], ownSend };
    if (driver.call) return driver.call(input);
    const headers = { 'content-type': 'application/json' };
    return JSON.parse((await send(`${driver.url}/call`, { method: 'POST', headers, body: JSON.stringify(input) })).text);
  };
  const results = {};
  try {
    if (runtime === 'chromium') return await inPage({ call, failing, closedPort, names: Object.keys(FAULTS), applies });
    for (const name of Object.keys(FAULTS)) {
      if (!applies(runtime, name)) continue;
      const user = { name: 'Ines Lind', emails: [{ email: `${name.replace(' ', '-')}@kelpworks.example` }] };
      failing.fail(undefined);
      // A connection that the runtime could use again.
      const good = await call('listUsers', [{}]);
      const warm = good.result === 'read' ? undefined : `the exchange before: ${JSON.stringify(good)}`;
      results[name] =
        warm ??
        (await SPECIAL[name]?.(runtime, { call, driver, failing, user })) ??
        (await plain(runtime, name, { call, failing, user }));
    }
  } finally {
    await driver.stop();
    failing.stop();
    simulators.stop();
  }
  return results;
}

/** A call that a fault ends; with the sentence why the fault fails, if it does. */
async function plain(runtime, name, { call, failing, user }) {
  if (SPECIAL[name]) return undefined;
  failing.fail(name);
  const response = await call('createUser', [user, { settle: false }]);
  return differs(runtime, name, response) ?? requests(failing, 1);
}

/** Faults with a provider or a client of their own. */
const SPECIAL = {
  async refused(runtime, { call, failing, user }) {
    const response = await call('createUser', [user, { settle: false }], {
      base_url: `http://127.0.0.1:${await closedPort()}/dixa/v1`,
    });
    return differs(runtime, 'refused', response) ?? requests(failing, 0);
  },
  async echo(runtime, { call, failing, user }) {
    failing.fail('echo');
    const response = await call('createUser', [user, { settle: false }]);
    const text = JSON.stringify(response);
    if (!failing.received.some(({ head }) => head.includes(SECRET))) return 'the provider did not receive the credential';
    for (const form of [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET)]) {
      if (text.includes(form)) return 'the credential came back';
    }
    if (!text.includes('***')) return `nothing is masked: ${text}`;
    return differs(runtime, 'echo', response) ?? requests(failing, 1);
  },
  async settled(runtime, { call, failing, user }) {
    failing.fail('close');
    const response = await call('createUser', [user]);
    return differs(runtime, 'settled', response) ?? requests(failing, 1);
  },
  /** The client of the served API leaves while the provider has the request: what comes of it is looked for all the same. */
  async 'client gone'(_, { driver, failing, user }) {
    let gone;
    failing.fail('close', { until: new Promise((resolve) => (gone = resolve)) });
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const client = http.request(`${driver.url}/unified/ticketing/users?integrated_account_id=${ACCOUNT}`, {
      method: 'POST',
      headers,
      agent: false,
    });
    client.on('error', () => {});
    client.end(JSON.stringify(user));
    await failing.request(({ method }) => method === 'POST');
    client.destroy();
    client.once('close', gone);
    await failing.request(({ method, path }) => method === 'GET' && path.includes('email'));
    return requests(failing, 1);
  },
};

function differs(runtime, name, response) {
  const expected = FAULTS[name][runtime] ?? FAULTS[name];
  const { code, outcome } = response.error ?? {};
  const actual = response.error ? { code, outcome } : { result: response.result };
  return JSON.stringify(actual) === JSON.stringify(expected)
    ? undefined
    : `expected ${JSON.stringify(expected)}, but found ${JSON.stringify(response)}`;
}

function requests(failing, expected) {
  const posts = failing.received.filter(({ method }) => method === 'POST');
  const elsewhere = failing.received.some(({ path }) => path.startsWith('/elsewhere'));
  if (elsewhere) return 'a redirect was followed';
  return posts.length === expected ? undefined : `expected ${expected} requests that create, but found ${posts.length}`;
}
