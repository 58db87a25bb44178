// The program that every runtime runs: `POST /call` makes a call by a method, anything else is served by the handler of the package, with
// accounts and tokens from the environment.

import { Ticketing, TicketingError, serve } from 'unified-ticketing';

const handler = serve();

async function call({ accounts, method, args }) {
  try {
    const { text, result, warnings } = await new Ticketing({ accounts })[method](...args);
    return { text, result, warnings };
  } catch (error) {
    if (!(error instanceof TicketingError)) return { thrown: String(error?.stack ?? error) };
    // As a program would log it.
    const { code, outcome, status, message, body, stack } = error;
    return { error: { code, outcome, status, message, body, stack } };
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === '/call') return Response.json(await call(await request.json()));
    return handler.fetch(request, env, ctx);
  },
};
