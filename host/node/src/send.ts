/** How a request leaves: what a sender promises, and how it fails. */

import type { Safety } from './types.js';

/** The most bytes of a provider's response body. */
export const MAX_RESPONSE_BODY = 4 << 20;

/** A request for the provider, its credentials in place: treat it as a secret. */
export interface ProviderRequest {
  /** The HTTP method in upper case. */
  method: string;
  /** The absolute URL. */
  url: string;
  /** Header names in lower case, and values; `content-length` where there is a body. */
  headers: [string, string][];
  /** The body: JSON in UTF-8, or empty. */
  body: Uint8Array;
}

/** A provider's complete response. */
export interface ProviderResponse {
  /** The HTTP status. */
  status: number;
  /** Header names in any case, and values. A header that occurs twice is here twice. */
  headers: [string, string][];
  /**
   * The body. With the header `content-encoding`, it is as received; a sender that has decoded it leaves that header out.
   */
  body: Uint8Array;
}

/**
 * Why there is no complete response. `no-connection` and `egress-denied`, which is for a sender that does not send this request, are for
 * what is certain: the provider has received nothing. In doubt it is `connection-lost`.
 */
export type SendErrorKind = 'no-connection' | 'egress-denied' | 'connection-lost' | 'response-truncated' | 'response-too-large';

/** The error of a sender. */
export class SendError extends Error {
  override readonly name = 'SendError';
  /** Why there is no complete response. */
  readonly kind: SendErrorKind;
  /** The status of the response that had begun. */
  readonly status?: number;

  constructor(kind: SendErrorKind, message: string, status?: number) {
    super(message);
    this.kind = kind;
    if (status !== undefined) this.status = status;
  }
}

/** What a sender needs besides the request. */
export interface SendContext {
  /** What sending the request twice would do. One of `once` creates: a sender that may send it a second time must not send it. */
  safety: Safety;
  /** Ends the exchange: the deadline of the call, or its caller's signal. */
  signal: AbortSignal;
  /** The most bytes of the response's body. A sender reads no more, and fails with `response-too-large`. */
  maxBody: number;
}

/**
 * Sends a request, and returns the provider's complete response, whatever its status.
 *
 * A sender of your own promises that
 *
 * - **the request leaves at most once**: it is not sent again on another connection, after a 421 or with other credentials;
 * - a redirect is not followed, but returned;
 * - the request is sent as it is, and logged nowhere: its headers authenticate;
 * - a failure is a {@link SendError}, with `no-connection` or `egress-denied` only where the provider certainly has nothing. Anything
 *   else that is thrown counts as `connection-lost`.
 */
export type Send = (request: ProviderRequest, context: SendContext) => Promise<ProviderResponse>;
