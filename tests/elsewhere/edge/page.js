// A provider that fails, for calls in a page of Chromium, which sends a request again by itself: the package sends none there that creates;
// reads, changes and plans go on as they are.

import assert from 'node:assert/strict';

const DENIED = { code: 'egress-denied', outcome: 'not-sent' };
const LOST = { code: 'connection-lost', outcome: 'not-sent' };

/** What a read says of each fault. */
const READS = {
  close: LOST,
  reset: LOST,
  // A page sees neither a redirect nor why there is no connection.
  redirect: LOST,
  misdirected: { code: 'provider-rejected', outcome: 'not-sent' },
  gzip: { result: 'read' },
  truncated: { code: 'invalid-response', outcome: 'not-sent' },
  refused: LOST,
  echo: { code: 'provider-invalid', outcome: 'not-sent' },
};

/** After which Chromium sends a request again: why it is not given one that creates. */
const REPEATED = ['close', 'reset', 'misdirected'];

/** Makes the calls. Returns, for each fault, why it fails; `undefined` where it does not. */
export async function inPage({ call, failing, closedPort, names, applies }) {
  const results = {};
  for (const name of names.filter((name) => applies('chromium', name))) {
    const user = { name: 'Ines Lind', emails: [{ email: `${name}@kelpworks.example` }] };
    try {
      await (name === 'settled' ? settled : faulty)({ call, failing, closedPort, name, user });
    } catch (error) {
      results[name] = error.message;
    }
  }
  return results;
}

/** A creation is denied, and a read has the fault, each after an exchange that went well. */
async function faulty({ call, failing, closedPort, name, user }) {
  const elsewhere = name === 'refused' ? { base_url: `http://127.0.0.1:${await closedPort()}/dixa/v1` } : {};
  const made = async (method, args, failed) => {
    failing.fail(undefined);
    assert.deepEqual(said(await call('listUsers', [{}])), { result: 'read' });
    if (name !== 'refused') failing.fail(name, { method: failed });
    failing.received.length = 0;
    return call(method, args, elsewhere);
  };
  const created = await made('createUser', [user, { settle: false }], 'POST');
  assert.deepEqual(said(created), DENIED);
  assert.match(created.error.message, /may send a request a second time by itself.*give a `send`/);
  assert.deepEqual(methods(failing), []);
  const read = await made('listUsers', [{}], 'GET');
  assert.deepEqual(said(read), READS[name], JSON.stringify(read));
  assert.deepEqual(methods(failing), name === 'refused' ? [] : REPEATED.includes(name) ? ['GET', 'GET'] : ['GET']);
  assert.ok(!failing.received.some(({ path }) => path.startsWith('/elsewhere')), 'a redirect was followed');
}

/** A creation that is denied is not looked for; who is there is found, changed and deleted; a `send` of the program's own creates. */
async function settled({ call, failing, user }) {
  failing.fail(undefined);
  assert.deepEqual(said(await call('createUser', [user])), DENIED);
  assert.deepEqual(methods(failing), []);
  assert.deepEqual(said(await call('planCreateUser', [user])), { result: 'planned' });
  assert.deepEqual(methods(failing), []);
  const created = await call('createUser', [user], { ownSend: true });
  assert.deepEqual([said(created), methods(failing)], [{ result: 'created' }, ['POST']]);
  assert.deepEqual(said(await call('createUser', [user, { ifExists: 'keep' }])), { result: 'found' });
  const { id } = JSON.parse(created.text);
  assert.deepEqual(said(await call('updateUser', [id, { name: 'Ines' }])), { result: 'updated' });
  failing.fail('close', { method: 'PATCH' });
  const lost = await call('updateUser', [id, { name: 'Ida' }]);
  assert.deepEqual(said(lost), { code: 'connection-lost', outcome: 'unknown' });
  failing.fail(undefined);
  assert.deepEqual(said(await call('deleteUser', [id])), { result: 'deleted' });
}

function said({ result, error, thrown }) {
  assert.equal(thrown, undefined);
  return error ? { code: error.code, outcome: error.outcome } : { result };
}

function methods({ received }) {
  // Before a request to another origin, a page asks whether it may.
  return received.map(({ method }) => method).filter((method) => method !== 'OPTIONS');
}
