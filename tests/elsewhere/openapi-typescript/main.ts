// The life of a user by a typed client, in every integration of the sandbox.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import createClient from 'openapi-fetch';
import type { components, paths } from './build/api.js';

type Schemas = components['schemas'];

const client = createClient<paths>({ baseUrl: process.env['URL'] ?? '' });
const path = '/unified/ticketing/users';

const person: Schemas['NewUser'] = {
  first_name: 'Ines',
  last_name: 'Halvorsen',
  name: 'Ines Halvorsen',
  nick_name: 'Ines',
  emails: [{ email: 'ines@kelpworks.example', type: 'primary' }],
};

// One integration's own type has what it requires.
({ first_name: 'Ines', last_name: 'Berg', nick_name: 'Ines', emails: [] }) satisfies Schemas['NewUserPlanhat'];
// @ts-expect-error A nick name is missing.
({ first_name: 'Ines', last_name: 'Berg', emails: [] }) satisfies Schemas['NewUserPlanhat'];
// @ts-expect-error There is no such type of address.
({ email: 'ines@kelpworks.example', type: 'work' }) satisfies Schemas['NewEmail'];

interface Account {
  id: string;
  integration: string;
}

/** Makes the calls of one account. Yields the name of each that gave what it should. */
async function* live(account: Account): AsyncGenerator<string> {
  const pivotal = account.integration === 'pivotal_tracker';
  const query = { integrated_account_id: account.id, ...(pivotal && { 'collections[][id]': '1' }) };
  const changes: Schemas['UserChanges'] = pivotal ? { roles: [{ name: 'viewer' }] } : { name: 'Inès Berg', first_name: 'Inès', last_name: 'Berg' };

  const refused = await client.POST(path, { params: { query }, body: {} });
  assert.equal(refused.error?.code, 'invalid-request');
  assert.equal(refused.error?.outcome, 'not-sent');
  assert.ok(refused.error?.violations?.[0]?.path);
  yield 'create without what is required';

  const dryRun = await client.POST(path, { params: { query: { ...query, unified_dry_run: true } }, body: person });
  // The form that the parameter asks for, as the document names it.
  const plan = dryRun.data as Schemas['Plan'] | undefined;
  assert.equal(plan?.operation, 'create-user');
  yield 'dry run';

  const created = await client.POST(path, { params: { query }, body: person });
  const user: Schemas['User'] | undefined = created.data;
  const id: string | null | undefined = user?.id;
  const remoteData: { [name: string]: unknown } | undefined = user?.remote_data;
  assert.ok(id && remoteData && Object.keys(remoteData).length > 0, JSON.stringify(created.error));
  yield 'create';

  // A page, then the next one, as far as there is one.
  let cursor: string | null | undefined;
  let count = 0;
  do {
    const next = { limit: 1, ...(cursor && { next_cursor: cursor }) };
    const { data, error } = await client.GET(path, { params: { query: { ...query, ...next } } });
    assert.ok(data, JSON.stringify(error));
    assert.equal(data.result.length, data.result_count);
    count += data.result_count;
    cursor = data.next_cursor;
  } while (cursor);
  assert.equal(count, 1);
  yield 'list';

  const found = await client.GET(path, { params: { query: { ...query, 'emails[][email]': 'INES@kelpworks.example' } } });
  assert.deepEqual(found.data?.result.map((each) => each.id), [id]);
  yield 'list by address';

  const one = { path: { id }, query };
  const updated = await client.PATCH(`${path}/{id}`, { params: one, body: changes });
  assert.ok(updated.data?.remote_data, JSON.stringify(updated.error));
  yield 'update';

  const debugged = await client.GET(`${path}/{id}`, {
    params: { path: { id }, query: { ...query, truto_response_format: 'debug' } },
  });
  const debug = debugged.data as Schemas['DebugUser'] | undefined;
  assert.equal(debug?.result.id, id);
  assert.equal(debug?.debug.requestOptions.method, 'GET');
  yield 'debug';

  const deleted = await client.DELETE(`${path}/{id}`, { params: one });
  assert.equal(deleted.data?.id, id);
  yield 'delete';

  const missing = await client.GET(`${path}/{id}`, { params: one });
  assert.equal(missing.error?.code, 'provider-not-found');
  yield 'get who is deleted';
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

// That the program was compiled is the first.
let passed = 1;
let failed = 0;
for (const account of read('build/accounts.json') as Account[]) {
  try {
    for await (const call of live(account)) {
      console.log(`ok      ${account.integration} ${call}`);
      passed += 1;
    }
  } catch (error) {
    console.log(`FAILED  ${account.integration}, the next call: ${error}`);
    failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
