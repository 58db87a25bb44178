// The served API: who is let in, and what they reach.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mock, test } from 'node:test';

import { serve } from '../out/package/dist/node.js';

const ONE = '62f44730-dd91-461e-bd6a-aedd9e0ad79d';
const OTHER = '9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35';
const NONE = '00000000-58ab-4e07-b4d2-6c0e8f1a7b35';
const accounts = [ONE, OTHER].map((id) => ({ id, integration: 'planhat', credentials: { api_token: 'keep-me-secret' } }));
const TOKEN = 'ut_a-token-that-is-long-enough';
const sha256 = createHash('sha256').update(TOKEN).digest('hex');
const token = { name: 'shop', sha256, accounts: [ONE], operations: ['read', 'create'] };
const USERS = 'http://api.test/unified/ticketing/users';
const USER = '{"first_name":"I","last_name":"L","nick_name":"i","emails":[{"email":"i@kelpworks.example"}]}';
const send = async () => ({ status: 200, headers: [], body: new TextEncoder().encode('{"_id":"1"}') });

/** Status and code of a response. */
async function ask(
  handler,
  url,
  { method = 'GET', authorization = `Bearer ${TOKEN}`, type = 'application/json', body, env } = {},
) {
  const headers = { ...(authorization && { authorization }), ...(body !== undefined && { 'content-type': type }) };
  const response = await handler.fetch(new Request(url, { method, headers, body }), env);
  const { code, id } = JSON.parse((await response.text()) || '{}');
  return { status: response.status, code: code ?? id, headers: response.headers };
}

const is = async (promise, status, code) => {
  const actual = await promise;
  assert.deepEqual([actual.status, actual.code], [status, code]);
  return actual;
};

test('handler without tokens rejects every request', async () => {
  const { headers } = await is(ask(serve({ accounts }), USERS), 401, 'unauthorized');
  assert.equal(headers.get('www-authenticate'), 'Bearer');
  const response = await serve({ accounts }).fetch(new Request(USERS));
  assert.match((await response.json()).message, /UNIFIED_TICKETING_TOKENS_JSON/);
});

test('wrong options are a TypeError', () => {
  for (const options of [{ send: 'fetch' }, { deadline: 0 }, { accounts: [{ id: ONE }] }]) {
    assert.throws(() => serve({ accounts, ...options }), TypeError);
  }
});

test('handler with malformed tokens rejects every request', async () => {
  const log = mock.method(console, 'error', () => {});
  const env = { UNIFIED_TICKETING_TOKENS_JSON: '{"token": [{"name": "shop", "sha256": "ut_keep-me-secret"}]}' };
  await is(ask(serve({ accounts }), USERS, { env }), 401, 'unauthorized');
  const [said] = log.mock.calls[0].arguments;
  log.mock.restore();
  assert.match(
    said,
    /`\/token\/0\/sha256`: expected 64 hexadecimal digits.*`\/token\/0\/accounts`: missing.*`\/token\/0\/operations`: missing/,
  );
  assert.ok(!said.includes('ut_keep'));
});

test('tokens are checked, and quoted in no error', () => {
  const expect = (tokens, message) => assert.throws(() => serve({ accounts, tokens }), { name: 'TypeError', message });
  expect([], /expected a token, but found none/);
  expect([{ ...token, scopes: 'x' }], /`\/0\/scopes`: unknown/);
  expect([{ ...token, name: ' shop' }], /`\/0\/name`: expected 1 to 40 characters/);
  expect([token, { ...token, sha256: sha256.toUpperCase() }], /`\/1\/name`: `shop` is taken.*`\/1\/sha256`: it is the same/);
  expect([{ ...token, accounts: [NONE] }], /there is no account/);
  expect([{ ...token, accounts: [] }], /of no use/);
  expect([{ ...token, operations: ['write'] }], /expected one of `read`, `create`, `update`, `delete`/);
});

test('token is asked for, but for health', async () => {
  const handler = serve({ accounts, tokens: [token], send });
  for (const authorization of [undefined, 'Bearer', 'Bearer ', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN]) {
    await is(ask(handler, USERS, { authorization: authorization ?? '' }), 401, 'unauthorized');
  }
  await is(ask(handler, 'http://api.test/nowhere', { authorization: '' }), 401, 'unauthorized');
  await is(ask(handler, 'http://api.test/nowhere'), 404, 'route-not-found');
  for (const path of ['healthz', 'readyz'])
    await is(ask(handler, `http://api.test/${path}`, { authorization: '' }), 200, undefined);
  await is(ask(handler, 'http://api.test/healthz', { method: 'POST' }), 405, 'method-not-allowed');
  await is(ask(handler, USERS, { method: 'POST', body: USER, authorization: `bEARER  ${TOKEN} ` }), 200, '1');
});

test('token reaches its accounts and operations alone', async () => {
  const handler = serve({ accounts, tokens: [token], send });
  const url = (id, rest = '') => `${USERS}${rest}?integrated_account_id=${id}`;
  await is(ask(handler, url(ONE.toUpperCase()), { method: 'POST', body: USER }), 200, '1');
  await is(ask(handler, url(OTHER), { method: 'POST', body: USER }), 404, 'unknown-account');
  await is(ask(handler, url(NONE), { method: 'POST', body: USER }), 404, 'unknown-account');
  await is(ask(handler, url('', ''), { method: 'POST', body: USER }), 400, 'invalid-request');
  await is(ask(handler, `${url(ONE)}&integrated_account_id[]=${ONE}`, { method: 'POST', body: USER }), 400, 'invalid-request');
  const update = { method: 'PATCH', body: '{"first_name":"I"}' };
  await is(ask(handler, url(ONE, '/1'), update), 403, 'forbidden');
  await is(ask(handler, `${USERS}/1`, update), 403, 'forbidden');
  await is(ask(handler, `${url(ONE, '/1')}&unified_dry_run=true`, update), 403, 'forbidden');
  // What the component rejects comes before.
  await is(ask(handler, url(ONE, '/1'), { ...update, type: 'text/plain' }), 415, 'unsupported-media-type');
  await is(ask(handler, url(ONE, '/1/2'), update), 404, 'route-not-found');
  await is(ask(handler, url(ONE, '/1'), { ...update, method: 'PUT' }), 405, 'method-not-allowed');
  await is(ask(handler, url('acme', '/1'), update), 400, 'invalid-request');
  const all = serve({ accounts, tokens: [{ ...token, accounts: 'all' }], send });
  await is(ask(all, url('acme', '/1'), update), 400, 'invalid-request');
  await is(ask(all, url(NONE, '/1'), update), 404, 'unknown-account');
  await is(ask(all, url(OTHER, '/1'), update), 403, 'forbidden');
  await is(ask(all, url(OTHER), { method: 'POST', body: USER }), 200, '1');
  await is(ask(all, USERS, { method: 'POST', body: USER }), 400, 'invalid-request');
});

test('own authorization takes the place of tokens', async () => {
  const authorize = ({ headers }) => (headers.get('x-user') === 'ines' ? { accounts: [ONE] } : undefined);
  const handler = serve({ accounts, authorize, send });
  const request = (user) =>
    new Request(USERS, { method: 'POST', body: USER, headers: { 'x-user': user, 'content-type': 'application/json' } });
  assert.equal((await handler.fetch(request('ines'))).status, 200);
  assert.equal((await handler.fetch(request('maren'))).status, 401);
  const log = mock.method(console, 'error', () => {});
  const failing = serve({
    accounts,
    send,
    authorize: () => {
      throw new Error('keep-me-secret');
    },
  });
  const response = await failing.fetch(request('ines'));
  const said = log.mock.calls.map(({ arguments: [text] }) => text);
  log.mock.restore();
  assert.deepEqual(said, ['unified-ticketing: `authorize` failed with Error']);
  assert.equal(response.status, 401);
  assert.ok(!(await response.text()).includes('keep-me-secret'));
});

test('body of more than a mebibyte is not read to its end', async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1 << 16));
    },
  });
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const response = await serve({ accounts, tokens: [token] }).fetch(
    new Request(USERS, { method: 'POST', body, headers, duplex: 'half' }),
  );
  assert.equal(response.status, 413);
  assert.ok(pulled < 30, String(pulled));
});

test('body that breaks off is malformed', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const response = await serve({ accounts, tokens: [token] }).fetch(
    new Request(USERS, { method: 'POST', body, headers, duplex: 'half' }),
  );
  assert.deepEqual([response.status, (await response.json()).code], [400, 'malformed-request']);
});

test('accounts and tokens come from the environment of a Worker', async () => {
  const env = {
    UNIFIED_TICKETING_ACCOUNTS_JSON: JSON.stringify({ account: accounts }),
    UNIFIED_TICKETING_TOKENS_JSON: JSON.stringify({ token: [token] }),
  };
  const waited = [];
  const request = new Request(USERS, {
    method: 'POST',
    body: USER,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
  });
  const response = await serve({ send }).fetch(request, env, { waitUntil: (promise) => waited.push(promise) });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('unified-result'), 'created');
  assert.equal(waited.length, 1);
  // A function that looks accounts up has nothing to do with the accounts that the environment has.
  const other = { ...env, UNIFIED_TICKETING_ACCOUNTS_JSON: JSON.stringify({ account: [accounts[1]] }) };
  const own = serve({ send, accounts: (id) => accounts.find((each) => each.id === id) });
  await is(ask(own, USERS, { method: 'POST', body: USER, env: other }), 200, '1');
  const broken = { ...env, UNIFIED_TICKETING_ACCOUNTS_JSON: '{"account": "keep-me-secret"}' };
  await is(
    ask(serve({ send, tokens: [token] }), `${USERS}?integrated_account_id=${ONE}`, { env: broken }),
    500,
    'account-unusable',
  );
});
