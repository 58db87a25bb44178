// Plans every call, and interprets what its provider answered. Nothing is sent.

import * as accounts from './accounts.js';
import { users } from './build/ticketing.js';
import { answered, failed, newUser, options, userChanges } from '../shape.js';

/** The plan as `--dry-run` prints it. */
function shown({ request, warnings }, call) {
  const body = JSON.parse(new TextDecoder().decode(request.body));
  const operation = call.update === undefined ? 'create-user' : 'update-user';
  return { integration: call.account, operation, method: request.method, url: request.url, headers: request.headers, body, warnings };
}

function made(call, id) {
  try {
    const plan =
      call.update === undefined
        ? users.planCreateUser(id, newUser(call.body), options(call))
        : users.planUpdateUser(id, call.update, userChanges(call.body), options(call));
    return { plan, shown: shown(plan, call) };
  } catch (thrown) {
    return { shown: failed(thrown) };
  }
}

function interpreted(call, plan) {
  const interpret = call.update === undefined ? users.interpretCreateUser : users.interpretUpdateUser;
  const { status, body } = call.provider;
  const headers = [['content-type', 'application/json']];
  try {
    return answered(interpret(plan.context, { tag: 'ok', val: { status, headers, body: new TextEncoder().encode(body) } }));
  } catch (thrown) {
    return failed(thrown);
  }
}

globalThis.run = ({ accounts: all, calls }) => {
  all.forEach(accounts.add);
  return calls.map((call) => {
    const { plan, shown } = made(call, all.find(({ name }) => name === call.account).id);
    return { plan: shown, answer: plan ? interpreted(call, plan) : shown };
  });
};
