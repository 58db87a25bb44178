/**
 * Create, update, get, list and delete the users (agents, members, seats) of ticketing products, each an *integration*.
 *
 * {@link Ticketing} has the methods, {@link serve} serves the same as an HTTP API.
 */

export { TicketingError } from './error.js';
export type { ErrorBody, ProviderRejection } from './error.js';
export { SendError } from './send.js';
export type { ProviderRequest, ProviderResponse, Send, SendContext, SendErrorKind } from './send.js';
export { serve } from './serve.js';
export type { Handler, ServeOptions } from './serve.js';
export { Ticketing } from './ticketing.js';
export type { TicketingOptions } from './ticketing.js';
export type { Grant, Token, TokenOperation } from './tokens.js';
export type * from './types.js';
