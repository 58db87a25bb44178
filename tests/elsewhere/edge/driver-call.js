// Makes a call by a method of the package.

import { Ticketing, TicketingError } from 'unified-ticketing';

/** A sender of the program's own. */
async function send({ method, url, headers, body }) {
  const response = await fetch(url, { method, headers, body: body.length > 0 ? body : undefined });
  return { status: response.status, headers: [...response.headers], body: new Uint8Array(await response.arrayBuffer()) };
}

/** The result of a call, or its error as a program would log it. */
export async function call({ accounts, method, args, ownSend }) {
  try {
    const { text, result, warnings } = await new Ticketing({ accounts, ...(ownSend && { send }) })[method](...args);
    return { text, result, warnings };
  } catch (error) {
    if (!(error instanceof TicketingError)) return { thrown: String(error?.stack ?? error) };
    const { code, outcome, status, message, body, stack } = error;
    return { error: { code, outcome, status, message, body, stack } };
  }
}
