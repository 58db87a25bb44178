// Calls by the methods, with a sender of the test's own.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { inspect } from 'node:util';

import { CallAccount } from '../out/package/dist/call-account.js';
import { load } from '../out/package/dist/component.js';
import { SendError, Ticketing, TicketingError } from '../out/package/dist/node.js';
import { Requests } from '../out/package/dist/requests.js';

const ID = '62f44730-dd91-461e-bd6a-aedd9e0ad79d';
const OTHER = '9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35';
const SECRET = 'keep-me-secret';
const ACCOUNT = { id: ID, integration: 'planhat', credentials: { api_token: SECRET } };
const USER = { first_name: 'Ines', last_name: 'Lind', nick_name: 'ines', emails: [{ email: 'ines@kelpworks.example' }] };

const json = (status, value) => ({
  status,
  headers: [['content-type', 'application/json']],
  body: new TextEncoder().encode(JSON.stringify(value)),
});
/** A sender that never responds, and heeds nothing. */
const silent = () => new Promise(() => {});

/** The error of a call. */
async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (error) => error,
  );
  assert.ok(error instanceof TicketingError, inspect(error));
  return error;
}

test('accounts are checked, and quoted in no error', () => {
  const expect = (accounts, message) => assert.throws(() => new Ticketing({ accounts }), { name: 'TypeError', message });
  expect('keep-me-secret', 'accounts: expected an array, but found a string');
  expect([{}], 'accounts: `/0/id`: missing; `/0/integration`: missing');
  expect(
    [
      'keep-me-secret',
      { id: 5, integration: null, token: SECRET, settings: [SECRET], credentials: { api_key: { env: 'X' }, pin: 90210 } },
      { ...ACCOUNT, id: OTHER, [SECRET]: 'x', credentials: { [SECRET]: 5 } },
    ],
    [
      'accounts: `/0`: expected an object, but found a string',
      '`/1/token`: unknown; expected `id`, `name`, `integration`, `base_url`, `settings`, `credentials`',
      '`/1/id`: expected a string, but found a number',
      '`/1/integration`: expected a string, but found null',
      '`/1/settings`: expected an object, but found an array',
      '`/1/credentials/api_key`: expected a string, but found an object',
      '`/1/credentials/pin`: expected a string, but found a number',
      '`/2/?`: unknown; expected `id`, `name`, `integration`, `base_url`, `settings`, `credentials`',
      '`/2/credentials/?`: expected a string, but found a number',
    ].join('; '),
  );
  expect([{ ...ACCOUNT, id: '12' }], 'accounts: `/0/id`: expected a UUID, but found `12`');
  const upper = ID.toUpperCase();
  expect([ACCOUNT, { ...ACCOUNT, id: upper }], `accounts: \`/1/id\`: \`${upper}\` is taken by an account before`);
});

test('look-up that fails is said without its text', async () => {
  for (const [find, code, words] of [
    [
      () => {
        throw new Error(`no row for ${SECRET}`);
      },
      'account-unusable',
      'the look-up of the account failed',
    ],
    [() => undefined, 'unknown-account', ID],
    [async () => null, 'unknown-account', ID],
    [
      async () => ({ ...ACCOUNT, credentials: { api_token: 5 } }),
      'account-unusable',
      '`/credentials/api_token`: expected a string, but found a number',
    ],
    [async () => ({ ...ACCOUNT, id: ID.replace('6', '7') }), 'account-unusable', 'another id'],
    [async () => ({ ...ACCOUNT, credentials: {} }), 'account-unusable', 'api_token'],
    [async () => ({ ...ACCOUNT, settings: { shop: 'x' } }), 'account-unusable', 'setting `shop` is not one of Planhat'],
    [async () => ({ ...ACCOUNT, credentials: { [SECRET]: 'x' } }), 'account-unusable', 'credential `?` is not one of Planhat'],
  ]) {
    const error = await failure(new Ticketing({ accounts: find, send: silent }).createUser(ID, USER));
    assert.equal(error.code, code);
    assert.equal(error.outcome, 'not-sent');
    assert.ok(error.message.includes(words), error.message);
    assert.ok(!inspect(error, { depth: 9 }).includes(SECRET));
  }
});

test('wrong use is a TypeError, before anything is sent', async () => {
  const ticketing = new Ticketing({ accounts: [ACCOUNT], send: () => assert.fail('something was sent') });
  for (const call of [
    () => ticketing.createUser(undefined, USER),
    () => ticketing.createUser('', USER),
    () => ticketing.createUser(ID, 'Ines'),
    () => ticketing.createUser(ID, USER, { idempotencyKey: 'k' }),
    () => ticketing.createUser(ID, USER, { settle: 'no' }),
    () => ticketing.createUser(ID, USER, { deadline: 0 }),
    () => ticketing.createUser(ID, USER, { signal: {} }),
    () => ticketing.updateUser(ID, 5, {}),
    () => ticketing.getUser(ID, '1', { settle: true }),
    () => ticketing.listUsers(ID, { page: 2 }),
    () => ticketing.users(ID, {}, { format: 'raw' }).next(),
  ]) {
    await assert.rejects(call(), TypeError, String(call));
  }
});

test('options become parameters, and ids one segment', async () => {
  const sent = [];
  const send = async (request) => {
    sent.push(request);
    return json(200, { _id: 'a/b ü', firstName: 'Ines' });
  };
  const ticketing = new Ticketing({ accounts: [ACCOUNT], send });
  const options = { ignoreRemoteData: true, excludeFields: ['id'], remoteQuery: [['a b', 'c&d']] };
  const { body, result, text } = await ticketing.updateUser(ID, 'a/b ü', { first_name: 'Ines' }, options);
  assert.deepEqual(body, { first_name: 'Ines', name: 'Ines' }, text);
  assert.equal(result, 'updated');
  assert.equal(sent[0].url, 'https://api.planhat.com/users/a%2Fb%20%C3%BC?a+b=c%26d');
  assert.deepEqual(
    sent[0].headers.find(([name]) => name === 'authorization'),
    ['authorization', `Bearer ${SECRET}`],
  );
});

test('plan sends nothing, and masks', async () => {
  const ticketing = new Ticketing({ accounts: [ACCOUNT], send: () => assert.fail('something was sent') });
  const { body: plan, result } = await ticketing.planCreateUser(ID, USER);
  assert.equal(plan.safety, 'once');
  assert.equal(result, 'planned');
  assert.deepEqual(
    plan.headers.find(([name]) => name === 'authorization'),
    ['authorization', '***'],
  );
});

test('digits stay in the text, and an echoed secret is masked', async () => {
  const digits = '123456789012345678901234567890';
  const said = `\ufeff{"_id":"1","big":${digits},"echo":"Bearer ${SECRET}","base64":"${btoa(SECRET)}"}`;
  const send = async () => ({ status: 200, headers: [], body: new TextEncoder().encode(said) });
  const { text } = await new Ticketing({
    accounts: [{ ...ACCOUNT, credentials: { api_token: `\ufeff \ufeffBearer\ufeff${SECRET}\u0085\n` } }],
    send,
  }).createUser(ID, USER);
  const raw = await new Ticketing({ accounts: [ACCOUNT], send }).getUser(ID, '1', { format: 'raw' });
  assert.deepEqual([raw.text.charAt(0), raw.body._id], ['\ufeff', '1']);
  assert.ok(text.includes(digits) && text.includes('Bearer ***') && text.includes('"base64":"***"'), text);
  assert.ok(!text.includes(SECRET));
});

test('errors have what the provider said', async () => {
  const limited = {
    ...json(429, { message: 'slow down' }),
    headers: [
      ['content-type', 'application/json'],
      ['retry-after', '7'],
    ],
  };
  const error = await failure(new Ticketing({ accounts: [ACCOUNT], send: async () => limited }).createUser(ID, USER));
  const { code, outcome, status, retryAfter, provider } = error;
  assert.deepEqual(
    { code, outcome, status, retryAfter, provider },
    {
      code: 'provider-rate-limited',
      outcome: 'rejected',
      status: 429,
      retryAfter: 7,
      provider: { status: 429, body: { message: 'slow down' } },
    },
  );
  assert.deepEqual(JSON.parse(JSON.stringify(error)), error.body);
});

test('transport errors have their codes', async () => {
  for (const [thrown, code, outcome] of [
    [new SendError('no-connection', 'refused'), 'no-connection', 'not-sent'],
    [new SendError('egress-denied', 'not here'), 'egress-denied', 'not-sent'],
    [new SendError('connection-lost', 'reset'), 'connection-lost', 'unknown'],
    [new SendError('response-truncated', 'cut', 201), 'invalid-response', 'unknown'],
    [new SendError('response-too-large', 'large', 201), 'response-too-large', 'unknown'],
    [new SendError('response-too-large', 'large', 422), 'provider-invalid', 'rejected'],
    [new Error(`any other, with ${SECRET}`), 'connection-lost', 'unknown'],
    [undefined, 'connection-lost', 'unknown'],
  ]) {
    const error = await failure(
      new Ticketing({ accounts: [ACCOUNT], send: () => Promise.reject(thrown) }).createUser(ID, USER, { settle: false }),
    );
    assert.deepEqual([error.code, error.outcome], [code, outcome]);
    assert.ok(!inspect(error, { depth: 9 }).includes(SECRET));
  }
  const large = async () => ({ status: 201, headers: [], body: new Uint8Array((4 << 20) + 1) });
  assert.equal(
    (await failure(new Ticketing({ accounts: [ACCOUNT], send: large }).createUser(ID, USER, { settle: false }))).code,
    'response-too-large',
  );
});

test('deadline says what may have been sent', async () => {
  const call = (options, ...more) =>
    failure(new Ticketing({ accounts: [ACCOUNT], ...options }).createUser(ID, USER, { settle: false, deadline: 40, ...more[0] }));
  const lookup = await call({ accounts: silent });
  assert.deepEqual([lookup.code, lookup.outcome, lookup.body.limit], ['deadline', 'not-sent', 'deadline']);
  const begun = await call({ send: silent });
  assert.deepEqual([begun.code, begun.outcome], ['deadline', 'unknown']);
  assert.match(begun.message, /ines@kelpworks\.example/);
  const connecting = await call({
    send: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new SendError('no-connection', 'not yet')))),
  });
  assert.deepEqual([connecting.code, connecting.outcome], ['deadline', 'not-sent']);
});

test('creation without a response is settled after its deadline', async () => {
  const methods = [];
  const send = async ({ method }) => {
    methods.push(method);
    if (method === 'POST') return silent();
    return json(200, [{ _id: '7', email: 'ines@kelpworks.example', createDate: new Date().toISOString() }]);
  };
  const { body, result } = await new Ticketing({ accounts: [ACCOUNT], send }).createUser(ID, USER, { deadline: 40 });
  assert.deepEqual([body.id, methods.filter((method) => method === 'POST').length], ['7', 1]);
  assert.ok(['settled', 'found'].includes(result), result);
});

test('signal ends a call only before it has written', async () => {
  const reason = new Error('enough');
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(
    new Ticketing({ accounts: [ACCOUNT], send: () => assert.fail('sent') }).createUser(ID, USER, { signal: aborted }),
    reason,
  );
  const reading = new AbortController();
  const read = new Ticketing({ accounts: [ACCOUNT], send: () => (reading.abort(reason), silent()) });
  await assert.rejects(read.getUser(ID, '1', { signal: reading.signal }), reason);
  const writing = new AbortController();
  const write = new Ticketing({ accounts: [ACCOUNT], send: async () => (writing.abort(reason), json(200, { _id: '1' })) });
  assert.equal((await write.createUser(ID, USER, { signal: writing.signal })).body.id, '1');
});

test('requests leave to the origin of the account alone', async () => {
  const urls = [];
  const send = async ({ url }) => (urls.push(url), json(200, { _id: '1' }));
  await new Ticketing({ accounts: [{ ...ACCOUNT, base_url: 'http://127.0.0.1:9/p' }], send }).createUser(ID, USER);
  await new Ticketing({ accounts: [{ ...ACCOUNT, settings: { host: 'api-us3.planhat.com' } }], send }).createUser(ID, USER);
  assert.deepEqual(urls, ['http://127.0.0.1:9/p/users', 'https://api-us3.planhat.com/users']);
  const account = new CallAccount(await load(), { account: ACCOUNT });
  for (const url of [
    'https://api.planhat.com.evil.example/users',
    'http://api.planhat.com/users',
    'https://api.planhat.com:8443/users',
  ]) {
    assert.equal(account.denial({ url }), `the account does not lead to ${new URL(url).origin}`);
  }
  assert.equal(account.denial({ url: '/users' }), 'only absolute URLs may be reached');
  assert.equal(account.denial({ url: 'https://u:p@api.planhat.com/users' }), 'only URLs without a user name may be reached');
  assert.equal(account.denial({ url: 'https://api.planhat.com/users', method: 'TRACE' }), 'the method TRACE is not sent');
  const hiding = ['accept-encoding', 'Range', 'TE', 'content-length', 'host'].map((name) => [name, 'x']);
  const given = { headers: [...hiding, ['accept', 'a'], ['authorization', '***']], body: new Uint8Array(7) };
  assert.deepEqual(account.authenticated(given).headers, [
    ['accept', 'a'],
    ['authorization', `Bearer ${SECRET}`],
    ['content-length', '7'],
  ]);
  assert.ok(!account.authenticated({ ...given, body: new Uint8Array() }).headers.some(([name]) => name === 'content-length'));
  assert.deepEqual(account.resolve(OTHER), { tag: 'err', val: { tag: 'unknown' } });
  assert.equal(account.resolve(ID.toUpperCase()).tag, 'ok');
  assert.equal(account.denial({ url: 'https://api.planhat.com/users' }), undefined);
});

test('sender learns the safety of each request', async () => {
  const sent = [];
  const send = async ({ method }, { safety }) => {
    sent.push(`${method} ${safety}`);
    return json(200, method === 'GET' ? [] : { _id: '1' });
  };
  const ticketing = new Ticketing({ accounts: [ACCOUNT], send });
  await ticketing.createUser(ID, USER, { ifExists: 'keep' });
  await ticketing.updateUser(ID, '1', { first_name: 'Ines' });
  await ticketing.deleteUser(ID, '1');
  assert.deepEqual(sent, ['GET safe', 'POST once', 'PUT idempotent', 'DELETE idempotent']);
});

test('creation that the sender denies is not looked for', async () => {
  const methods = [];
  const send = async ({ method }, { safety }) => {
    methods.push(method);
    if (safety === 'once') throw new SendError('egress-denied', 'not here');
    return json(200, [{ _id: '7', email: USER.emails[0].email, firstName: 'Ida' }]);
  };
  const ticketing = new Ticketing({ accounts: [ACCOUNT], send });
  assert.equal((await failure(ticketing.createUser(ID, USER))).outcome, 'not-sent');
  assert.deepEqual(methods, ['POST']);
  // Who is there is found, and changed, all the same.
  assert.equal((await ticketing.createUser(ID, USER, { ifExists: 'keep' })).result, 'found');
  assert.equal((await failure(ticketing.createUser(ID, USER, { ifExists: 'update' }))).code, 'invalid-response');
  assert.deepEqual(methods.slice(1), ['GET', 'GET', 'PUT']);
  const late = await failure(
    new Ticketing({
      accounts: [ACCOUNT],
      send: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new SendError('egress-denied', 'not here')))),
    }).createUser(ID, USER, { deadline: 40 }),
  );
  assert.deepEqual([late.code, late.outcome], ['deadline', 'not-sent']);
});

test('component that asks for what cannot be done ends the call with its outcome', async () => {
  const { prototype } = CallAccount;
  const methods = [];
  const send = async ({ method }) => (methods.push(method), json(500, {}));
  try {
    mock.method(prototype, 'denial', function ({ method }) {
      if (method === 'GET') throw new TypeError(`of ${SECRET}`);
      return undefined;
    });
    const error = await failure(new Ticketing({ accounts: [ACCOUNT], send }).createUser(ID, USER));
    assert.deepEqual([error.code, error.outcome, methods], ['guest-trap', 'unknown', ['POST']]);
    assert.match(error.message, /look at the provider by email `ines@kelpworks\.example`/);
    assert.ok(!inspect(error, { depth: 9 }).includes(SECRET));
  } finally {
    mock.restoreAll();
  }
});

test('component that reports less is not believed', async () => {
  const call = (status) =>
    failure(new Ticketing({ accounts: [ACCOUNT], send: async () => json(status, {}) }).createUser(ID, USER, { settle: false }));
  assert.deepEqual([(await call(400)).code, (await call(400)).outcome], ['provider-invalid', 'rejected']);
  // As if another request of the call had got through.
  mock.getter(Requests.prototype, 'outcome', () => 'unknown');
  try {
    const { code, outcome, status, message } = await call(400);
    assert.deepEqual([code, outcome, status], ['guest-trap', 'unknown', 500]);
    assert.match(message, /reported an error as if the provider could not have acted.*ines@kelpworks/);
  } finally {
    mock.restoreAll();
  }
});

test('nothing that is printed has a secret', () => {
  const ticketing = new Ticketing({ accounts: [ACCOUNT] });
  for (const printed of [inspect(ticketing, { showHidden: true, depth: 9 }), JSON.stringify(ticketing), String(ticketing)]) {
    assert.ok(!printed.includes(SECRET), printed);
  }
});
