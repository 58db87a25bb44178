// Starts every call, and resumes it with the provider's response. No request is sent.

import * as accounts from './accounts.js';
import { steps } from './build/ticketing.js';
import { operation, options, publishedResult } from '../shape.js';

/** The plan, in the form of `--dry-run`. */
function publishedPlan({ plan: { method, url, headers, body }, safety, warnings }, call, operation) {
  return { integration: call.account, operation, method, url, headers, body: JSON.parse(new TextDecoder().decode(body)), safety, warnings };
}

/** The provider's response to our own host. */
function providerResponse({ status, body }) {
  return { tag: 'ok', val: { status, headers: [['content-type', 'application/json']], body: new TextEncoder().encode(body) } };
}

/** The plan of a call and its response; the same error, where there is no plan. */
function run(call, account) {
  const input = operation(call, call.update);
  const started = steps.start(account, input, options(call));
  if (started.tag === 'done') {
    const error = publishedResult(started.val);
    return { plan: error, response: error };
  }
  const resumed = steps.resume(account, started.val.context, providerResponse(call.provider));
  if (resumed.tag !== 'done') throw new Error('a second request');
  return { plan: publishedPlan(started.val, call, input.tag), response: publishedResult(resumed.val) };
}

globalThis.run = ({ accounts: all, calls }) => {
  all.forEach(accounts.add);
  return calls.map((call) => run(call, all.find(({ name }) => name === call.account).id));
};
