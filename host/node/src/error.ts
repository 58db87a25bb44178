/** The error of a call. */

import type { ErrorCode, Finding, Outcome, RateLimit } from './types.js';

/** What a provider said with a failure. */
export interface ProviderRejection {
  /** Its HTTP status. */
  status: number;
  /** Its body: JSON, or a string. Absent when it was not read to its end. */
  body?: unknown;
}

/** The published object of an error, as the HTTP API responds with. */
export interface ErrorBody {
  statusCode: number;
  error: string;
  message: string;
  code: ErrorCode;
  outcome: Outcome;
  limit?: string;
  truto_is_remote_error?: boolean;
  provider_status?: number;
  raw_response?: unknown;
  raw_response_truncated?: boolean;
  existing_id?: string;
  existing_ids?: string[];
  looked?: number;
  violations?: Finding[];
  truto_error_insight?: unknown;
}

/** The figures that are headers of the HTTP API. */
export interface ErrorFigures {
  retryAfter?: number;
  rateLimit?: RateLimit;
}

/** A call that failed. Neither it nor its texts hold a secret. */
export class TicketingError extends Error {
  override readonly name = 'TicketingError';
  /** What kind of failure, for programs. */
  readonly code: ErrorCode;
  /** What is known of the provider's state. */
  readonly outcome: Outcome;
  /** The HTTP status that the published API gives for this. */
  readonly status: number;
  /** Every violation at once. */
  readonly violations: Finding[];
  /** Seconds to wait before the next attempt, where the provider says so. */
  readonly retryAfter?: number;
  /** The provider's rate limit, where it says so. */
  readonly rateLimit?: RateLimit;
  /** The identifiers of the users who have the address, where a look-up found some. */
  readonly existingIds: string[];
  /** The provider's response, when there was one. */
  readonly provider?: ProviderRejection;
  /** The published object of the error. */
  readonly body: ErrorBody;

  constructor(body: ErrorBody, { retryAfter, rateLimit }: ErrorFigures = {}) {
    super(body.message);
    this.code = body.code;
    this.outcome = body.outcome;
    this.status = body.statusCode;
    this.violations = body.violations ?? [];
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    if (rateLimit !== undefined) this.rateLimit = rateLimit;
    this.existingIds = body.existing_ids ?? (body.existing_id === undefined ? [] : [body.existing_id]);
    if (body.provider_status !== undefined) this.provider = { status: body.provider_status, body: body.raw_response };
    this.body = body;
  }

  /** The published object. */
  toJSON(): ErrorBody {
    return this.body;
  }
}
