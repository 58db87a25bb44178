/** A call: start, then send and resume as long as the component asks for it. */

import type { Found, Lookup } from './accounts.js';
import { CallAccount } from './call-account.js';
import { instance, load } from './component.js';
import type { HttpRequest, HttpResponse, HttpStep, Modules, Sending, Sent } from './component.js';
import { Deadline } from './deadline.js';
import { hostError, howToLook } from './host-error.js';
import { RequestDenied, Requests, requestSafety } from './requests.js';
import { MAX_RESPONSE_BODY, SendError } from './send.js';
import type { ProviderRequest, ProviderResponse, Send } from './send.js';
import type { Outcome, Safety } from './types.js';

/** How long a call may take, in milliseconds. */
export const DEADLINE = 20_000;

/** How long a call may look for a user after a creation whose outcome is unknown, in milliseconds. */
const SETTLE = 5_000;

/** What a call is made of. */
export interface Call {
  /** The id of the account; empty for none. */
  account: string;
  /** Finds the account. */
  lookup: Lookup;
  /** A request of the HTTP API. */
  request: HttpRequest;
  /** Sends a request to the provider. */
  send: Send;
  /** How long the call may take, in milliseconds. */
  deadline: number;
  /** Ends the call before it has written. */
  signal?: AbortSignal | undefined;
  /** Whether its caller may not do this; asked once it is known that there is such an account. */
  denied?: (() => HttpResponse) | undefined;
}

/**
 * Carries out a call. It rejects only with the reason of the caller's signal, or where the component cannot be loaded: in either case
 * nothing was sent that changes something, or the provider rejected it.
 */
export async function call(call: Call): Promise<HttpResponse> {
  const requests = new Requests(operationSafety(call.request.method));
  const deadline = new Deadline(call.deadline, call.signal);
  try {
    call.signal?.throwIfAborted();
    const modules = await load();
    const found = call.account === '' ? { unknown: true as const } : await deadline.within(call.lookup(call.account));
    call.signal?.throwIfAborted();
    if (found === undefined) return failure(call, 'deadline', 'the deadline passed', requests.outcome, 'deadline');
    return believed(call, await steps(call, modules, found, requests, deadline), requests);
  } finally {
    deadline.clear();
  }
}

/** The response of the component; or an error, where it was stopped or trapped. */
async function steps(call: Call, modules: Modules, found: Found, requests: Requests, deadline: Deadline): Promise<HttpResponse> {
  try {
    return await new Steps(call, modules, new CallAccount(modules, found), requests, deadline).run();
  } catch (error) {
    if (error instanceof Abandoned) throw call.signal?.reason;
    if (error instanceof RequestDenied) {
      return failure(call, 'limit-exceeded', `the component was stopped: ${error.message}`, requests.outcome, 'requests');
    }
    const why = error instanceof Trap ? error.message : 'what it asked for cannot be done';
    return failure(call, 'guest-trap', `the component trapped: ${why}`, requests.outcome);
  }
}

/** A component that reports less than its requests may have done is not believed. */
function believed(call: Call, response: HttpResponse, requests: Requests): HttpResponse {
  const reported = response.error?.outcome;
  if (reported === undefined || reported === 'unknown' || requests.outcome !== 'unknown') return response;
  // A look-up after the creation may have found a user who was there before.
  if (reported === 'rejected' && requests.looked && response.error?.code === 'provider-conflict') return response;
  const why = 'it reported an error as if the provider could not have acted';
  return failure(call, 'guest-trap', `the component trapped: ${why}`, 'unknown');
}

/** The response for a call that ended without the component's; it says how to look for what may have been written. */
function failure(
  { request }: Call,
  code: 'guest-trap' | 'limit-exceeded' | 'deadline',
  message: string,
  outcome: Outcome,
  limit?: string,
): HttpResponse {
  const look = outcome === 'unknown' ? howToLook(request) : '';
  return hostError(code, code === 'deadline' ? 504 : 500, outcome, `${message}${look}`, limit);
}

/** The caller's signal ended the call, and nothing was sent that changes something, or the provider rejected it. */
class Abandoned extends Error {}

/** The component ended a step with no result. */
class Trap extends Error {}

function operationSafety(method: string): Safety {
  if (method === 'POST') return 'once';
  return method === 'GET' ? 'safe' : 'idempotent';
}

/** RFC 3339 in UTC, with seconds. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

class Steps {
  #settling: Deadline | undefined;

  constructor(
    private readonly call: Call,
    private readonly modules: Modules,
    private readonly account: CallAccount,
    private readonly requests: Requests,
    private readonly deadline: Deadline,
  ) {}

  async run(): Promise<HttpResponse> {
    const { account: id, request, denied } = this.call;
    let asked = false;
    const begun = { tag: 'now' as const, val: now() };
    let step = this.#step(
      ({ start }) => start(id, request, begun),
      () => (asked = true),
    );
    // The component asks for the account after everything that comes before the question of who may do what.
    if (denied && asked && this.account.exists) return denied();
    try {
      while (step.tag === 'send') {
        const { context } = step.val;
        const sent = await this.#send(step.val);
        if (this.requests.isToBeSettled) this.#settling ??= new Deadline(SETTLE);
        step = this.#step(({ resume }) => resume(id, context, sent));
      }
      return step.val;
    } finally {
      this.#settling?.clear();
    }
  }

  /** One step, in an instance of its own. */
  #step(take: (api: ReturnType<typeof instance>['httpApi']) => HttpStep, asked = () => {}): HttpStep {
    try {
      const { httpApi } = instance(this.modules, (id) => {
        asked();
        return this.account.resolve(id);
      });
      return take(httpApi);
    } catch (error) {
      throw new Trap(error instanceof Error ? error.message : 'no error was given');
    }
  }

  /** Sends the request of a step, if the call may. */
  async #send({ request, safety: reported, waitMs }: Sending): Promise<Sent> {
    const safety = requestSafety(reported, this.account.integration, request.method);
    this.requests.admit(safety);
    const deadline = this.#settling ?? this.deadline;
    let sent: Sent = { tag: 'err', val: { tag: 'deadline', val: false } };
    if (!this.requests.isLate && (await deadline.sleep(waitMs))) sent = await this.#exchange(request, safety, deadline);
    this.requests.ended(safety, sent);
    return sent;
  }

  async #exchange(request: ProviderRequest, safety: Safety, deadline: Deadline): Promise<Sent> {
    // The caller's signal counts until something was written, and for what this request writes until it leaves.
    const isGone = () => this.call.signal?.aborted && deadline === this.deadline && !(this.requests.hasWritten && safety === 'safe');
    if (isGone()) throw new Abandoned();
    const denial = this.account.denial(request);
    if (denial !== undefined) return { tag: 'err', val: { tag: 'egress-denied', val: denial } };
    const canEnd = safety === 'safe' && !this.requests.hasWritten;
    const signal = canEnd ? deadline.signal : deadline.time;
    try {
      const sending = this.call.send(this.account.authenticated(request), { safety, signal, maxBody: MAX_RESPONSE_BODY });
      const response = await untilAborted(sending, signal);
      return this.#received(response);
    } catch (error) {
      if (canEnd && isGone()) throw new Abandoned();
      return { tag: 'err', val: this.#failure(error, deadline) };
    }
  }

  #received({ status, headers, body }: ProviderResponse): Sent {
    if (body.length > MAX_RESPONSE_BODY) return { tag: 'err', val: { tag: 'response-too-large', val: status } };
    const clean = headers.map(([name, value]): [string, string] => [name, this.account.redactText(value)]);
    return { tag: 'ok', val: { status, headers: clean, body: this.account.redact(body) } };
  }

  #failure(error: unknown, deadline: Deadline): Extract<Sent, { tag: 'err' }>['val'] {
    const known = error instanceof SendError ? error : undefined;
    const hasNothing = known?.kind === 'no-connection' || known?.kind === 'egress-denied';
    if (deadline.time.aborted) return { tag: 'deadline', val: !hasNothing };
    const message = this.account.redactText(error instanceof Error ? error.message : 'the request failed');
    switch (known?.kind) {
      case 'no-connection':
      case 'egress-denied':
        return { tag: known.kind, val: message };
      case 'response-truncated':
        return { tag: 'response-truncated', val: [known.status ?? 0, message] };
      case 'response-too-large':
        return { tag: 'response-too-large', val: known.status };
      default:
        return { tag: 'connection-lost', val: message };
    }
  }
}

/** What a sender returns, also from one that does not heed the signal. One that does may say more, so it comes first. */
function untilAborted<T>(sending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => setTimeout(() => reject(signal.reason), 0);
    sending.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
