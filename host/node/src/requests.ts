/** The requests of one call: which ones it may send, and what they may have done. */

import type { Integration, Sent } from './component.js';
import type { Outcome, Safety } from './types.js';

/** The most requests of one call. */
const MAX_REQUESTS = 32;

const ORDER: Safety[] = ['safe', 'idempotent', 'once'];

/** A request that a call may not send. */
export class RequestDenied extends Error {}

/** The state of a request that writes: there is none, it may have reached the provider, it never left, or it was rejected. */
type Write = 'none' | 'sent' | 'not-sent' | 'rejected';

/**
 * The requests of one call. At most one may be of safety `once`; after it, unless the provider rejected it, only `safe` ones may
 * follow. At most one may be `idempotent`. None may do more than the call's operation.
 */
export class Requests {
  readonly #operation: Safety;
  #left = MAX_REQUESTS;
  #once: Write = 'none';
  #idempotent: Write = 'none';
  #looked = false;
  #late = false;

  constructor(operation: Safety) {
    this.#operation = operation;
  }

  /** Admits a request. */
  admit(safety: Safety): void {
    if (this.#left === 0) throw new RequestDenied('it tried to send more requests than a call may');
    this.#left -= 1;
    if (safety === 'safe') return;
    if (this.#operation === 'safe') throw new RequestDenied('it tried to write in a call that reads');
    if (safety === 'once') {
      if (this.#operation === 'idempotent') throw new RequestDenied('it tried to create in a call for a user who exists');
      if (this.#once !== 'none')
        throw new RequestDenied('it tried to send a request that creates, and one may have been sent before');
      this.#once = 'sent';
      return;
    }
    if (this.#once === 'sent' || this.#once === 'not-sent')
      throw new RequestDenied('it tried to write after a request that creates');
    if (this.#idempotent !== 'none') throw new RequestDenied('it tried to send a second request that changes');
    this.#idempotent = 'sent';
  }

  /** Sets the state of an admitted request by what became of it. */
  ended(safety: Safety, sent: Sent): void {
    this.#late ||= sent.tag === 'err' && sent.val.tag === 'deadline' && !sent.val.val;
    if (safety === 'safe') {
      this.#looked ||= this.#once === 'sent' && sent.tag === 'ok' && sent.val.status >= 200 && sent.val.status <= 299;
    } else if (safety === 'once') {
      this.#once = write(sent);
    } else {
      this.#idempotent = write(sent);
    }
  }

  /** Whether a request was kept back because there was no time for it. Nothing leaves after that. */
  get isLate(): boolean {
    return this.#late;
  }

  /** Whether a request that writes was admitted. */
  get hasWritten(): boolean {
    return this.#once !== 'none' || this.#idempotent !== 'none';
  }

  /** Whether there is a creation whose outcome may be unknown, so that what follows looks for the user. */
  get isToBeSettled(): boolean {
    return this.#once === 'sent';
  }

  /** Whether a read after the creation has succeeded. */
  get looked(): boolean {
    return this.#looked;
  }

  /** The outcome of the call, should it end now without a result. */
  get outcome(): Outcome {
    const writes = [this.#once, this.#idempotent];
    if (writes.includes('sent')) return 'unknown';
    return writes.includes('rejected') ? 'rejected' : 'not-sent';
  }
}

/**
 * Whether a complete response of this status says that the provider did nothing. A 408 says that the provider did not get the request
 * in time, not what it did with the part that it had (RFC 9110, section 15.5.9).
 */
function isRejection(status: number): boolean {
  return status >= 400 && status <= 499 && status !== 408;
}

function write(sent: Sent): Write {
  if (sent.tag === 'ok') return isRejection(sent.val.status) ? 'rejected' : 'sent';
  const error = sent.val;
  switch (error.tag) {
    case 'response-too-large':
      return error.val !== undefined && isRejection(error.val) ? 'rejected' : 'sent';
    case 'deadline':
      return error.val ? 'sent' : 'not-sent';
    case 'no-connection':
    case 'egress-denied':
      return 'not-sent';
    case 'connection-lost':
    case 'response-truncated':
      return 'sent';
  }
}

/** The safety of a request: the component's own, but not less than that of the integration for requests with its method. */
export function requestSafety(reported: Safety, integration: Integration | undefined, method: string): Safety {
  const least = leastSafety(integration, method);
  return ORDER.indexOf(reported) > ORDER.indexOf(least) ? reported : least;
}

function leastSafety(integration: Integration | undefined, method: string): Safety {
  if (method === 'GET' || method === 'HEAD') return 'safe';
  const creates = integration?.operations.some((row) => row.method === method && row.name === 'create-user') ?? false;
  return !creates && ['PUT', 'PATCH', 'DELETE'].includes(method) ? 'idempotent' : 'once';
}
