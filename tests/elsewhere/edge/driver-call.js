// Makes a call by a method of the package.

import { Ticketing, TicketingError } from 'unified-ticketing';

/** The result of a call, or its error as a program would log it. */
export async function call({ accounts, method, args }) {
  try {
    const { text, result, warnings } = await new Ticketing({ accounts })[method](...args);
    return { text, result, warnings };
  } catch (error) {
    if (!(error instanceof TicketingError)) return { thrown: String(error?.stack ?? error) };
    const { code, outcome, status, message, body, stack } = error;
    return { error: { code, outcome, status, message, body, stack } };
  }
}
