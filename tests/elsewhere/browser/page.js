// Starts every call, and resumes it with the provider's responses. No request is sent.

import * as accounts from './accounts.js';
import { steps } from './build/ticketing.js';
import { begun, operation, options, publishedResult } from '../shape.js';

const text = (bytes) => new TextDecoder().decode(bytes);

/** The plan, in the form of a dry run; none of a call that only reads. */
function publishedPlan({ plan, safety, warnings }, { account, operation }) {
  if (!plan) return null;
  const { method, url, headers, body } = plan;
  return { integration: account, operation, method, url, headers, body: body.length > 0 ? JSON.parse(text(body)) : null, safety, warnings };
}

/** The provider's response to our own host. */
function providerResponse({ status, headers, body }) {
  return { tag: 'ok', val: { status, headers, body: new TextEncoder().encode(body) } };
}

/** The plan of a call, its requests and its response; the same error, where there is no plan. */
function run(call, account) {
  const provider = call.provider.map(providerResponse);
  let step = steps.start(account, operation(call), options(call), begun());
  if (step.tag === 'done') {
    const error = publishedResult(step.val);
    return { plan: call.operation.match(/^(get|list)/) ? null : error, requests: [], response: error };
  }
  const plan = publishedPlan(step.val, call);
  const requests = [];
  while (step.tag === 'send') {
    const { method, url, body } = step.val.request;
    requests.push({ method, url, body: text(body) });
    if (provider.length === 0) throw new Error('a request that our own host did not make');
    step = steps.resume(account, step.val.context, provider.shift());
  }
  return { plan, requests, response: publishedResult(step.val) };
}

globalThis.run = ({ accounts: all, calls }) => {
  all.forEach(accounts.add);
  return calls.map((call) => run(call, all.find(({ name }) => name === call.account).id));
};
