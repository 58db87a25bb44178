/** Errors of the host in the form of the published API, and how to look for what a request may have written. */

import type { HttpRequest, HttpResponse } from './component.js';
import type { ErrorCode, Outcome } from './types.js';

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  504: 'Gateway Timeout',
};

/** The response for an error of the host. */
export function hostError(code: ErrorCode, status: number, outcome: Outcome, message: string, limit?: string): HttpResponse {
  const body = { statusCode: status, error: REASONS[status], message, code, outcome, limit };
  return {
    status,
    headers: [
      ['content-type', 'application/json'],
      ['unified-code', code],
      ['unified-outcome', outcome],
    ],
    body: new TextEncoder().encode(JSON.stringify(body)),
    warnings: [],
    // The component's own codes are a part of those that hosts give, too.
    error: { code, outcome },
  };
}

/** How to look for the user that a request may have written: the end of a sentence, empty for a read. */
export function howToLook({ method, target, body }: HttpRequest): string {
  const id = quoted(segment(target));
  switch (method) {
    case 'POST': {
      const address = primaryAddress(body);
      const by = address === undefined ? "the user's name, no email was given" : `email ${quoted(address)}`;
      return `; the user may exist now: before trying again, look at the provider by ${by}`;
    }
    case 'PATCH':
      return `; the change may have been made: look at user ${id} at the provider`;
    case 'DELETE':
      return `; the user may be deleted: look for user ${id} at the provider`;
    default:
      return '';
  }
}

function segment(target: string): string {
  const [path = ''] = target.split('?');
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** The first address of type `primary`, else the first. */
function primaryAddress(body: Uint8Array): string | undefined {
  try {
    const { emails } = JSON.parse(new TextDecoder().decode(body)) as { emails?: { email: string; type?: string }[] };
    const address = (emails?.find(({ type }) => type === 'primary') ?? emails?.[0])?.email;
    return typeof address === 'string' ? address : undefined;
  } catch {
    return undefined;
  }
}

/** A value for a message. One that is long or has several lines is not shown. */
export function quoted(value: string): string {
  const { length } = [...value];
  return length <= 100 && !/\p{Cc}/u.test(value) ? `\`${value}\`` : `a string of ${length} characters`;
}
