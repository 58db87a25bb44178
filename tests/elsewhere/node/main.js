// Makes every call by an interface of the component. By `users` the component sends, over `wasi:http`; by `steps` this host does.

import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import * as accounts from './accounts.js';
import { integrations, steps, users } from './build/ticketing.js';
import { send } from './send.js';
import { begun, newUser, operation, options, publishedResult, resolved, userChanges, userQuery } from '../shape.js';

/** The operations of `users`. */
const OPERATIONS = {
  'create-user': (account, call) => users.createUser(account.id, newUser(call.body), options(call)),
  'update-user': (account, call) => users.updateUser(account.id, call.id, userChanges(call.body), options(call)),
  'get-user': (account, call) => users.getUser(account.id, call.id, options(call)),
  'list-users': (account, call) => users.listUsers(account.id, userQuery(call.query), options(call)),
  'delete-user': (account, call) => users.deleteUser(account.id, call.id, options(call)),
};

/** The result of a call by `users`. An error is thrown, as are those of the runtime, which are thrown again. */
function callUsers(account, call) {
  try {
    return { tag: 'ok', val: OPERATIONS[call.operation](account, call) };
  } catch (thrown) {
    if (thrown.payload?.outcome === undefined) throw thrown;
    return { tag: 'err', val: thrown.payload };
  }
}

/** The result of a call by `steps`. */
async function callSteps(account, call) {
  let written = false;
  let step = steps.start(account.id, operation(call), options(call), begun());
  while (step.tag === 'send') {
    const { request, safety, waitMs, context } = step.val;
    // Whatever the component asks for, a call writes once.
    if (safety !== 'safe' && written) throw new Error(`a second request of safety ${safety}`);
    written ||= safety !== 'safe';
    await setTimeout(waitMs);
    const response = await send({ ...request, headers: authenticated(account, request.headers) });
    step = steps.resume(account.id, context, response);
  }
  return step.val;
}

/** The headers with the account's credentials, which the component does not have. */
function authenticated(account, headers) {
  const credentials = new Map(integrations.authenticate(account.integration, Object.entries(account.credentials)));
  return headers.map(([name, value]) => [name, value === '***' ? credentials.get(name) : value]);
}

const makeCall = { users: callUsers, steps: callSteps }[process.argv[2]];
const { accounts: all, calls } = JSON.parse(readFileSync(0, 'utf8'));
for (const account of all) accounts.add(account, makeCall === callSteps ? 'injected' : 'disclosed');

const responses = new Map();
for (const call of calls) {
  const account = all.find(({ name }) => name === call.account);
  const result = await makeCall(account, resolved(call, responses));
  responses.set(call.name, publishedResult(result));
}
process.stdout.write(JSON.stringify([...responses.values()]));
