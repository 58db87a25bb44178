// Plans every call, and interprets the provider's response. No request is sent.

import * as accounts from './accounts.js';
import { users } from './build/ticketing.js';
import { newUser, options, publishedError, publishedResponse, userChanges } from '../shape.js';

/** The plan, in the form of `--dry-run`. */
function publishedPlan({ request, warnings }, call) {
  const body = JSON.parse(new TextDecoder().decode(request.body));
  const operation = call.update === undefined ? 'create-user' : 'update-user';
  return { integration: call.account, operation, method: request.method, url: request.url, headers: request.headers, body, warnings };
}

function makePlan(call, id) {
  try {
    const plan =
      call.update === undefined
        ? users.planCreateUser(id, newUser(call.body), options(call))
        : users.planUpdateUser(id, call.update, userChanges(call.body), options(call));
    return { plan, published: publishedPlan(plan, call) };
  } catch (thrown) {
    return { published: publishedError(thrown) };
  }
}

function interpretResponse(call, plan) {
  const interpret = call.update === undefined ? users.interpretCreateUser : users.interpretUpdateUser;
  const { status, body } = call.provider;
  const headers = [['content-type', 'application/json']];
  try {
    return publishedResponse(interpret(plan.context, { tag: 'ok', val: { status, headers, body: new TextEncoder().encode(body) } }));
  } catch (thrown) {
    return publishedError(thrown);
  }
}

globalThis.run = ({ accounts: all, calls }) => {
  all.forEach(accounts.add);
  return calls.map((call) => {
    const { plan, published } = makePlan(call, all.find(({ name }) => name === call.account).id);
    return { plan: published, response: plan ? interpretResponse(call, plan) : published };
  });
};
