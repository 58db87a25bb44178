// The program that every server runtime runs: `POST /call` makes a call by a method, anything else is served by the handler of the package,
// with accounts and tokens from the environment.

import { serve } from 'unified-ticketing';

import { call } from './driver-call.js';

const handler = serve();

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === '/call') return Response.json(await call(await request.json()));
    return handler.fetch(request, env, ctx);
  },
};
