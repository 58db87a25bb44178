// The package in a page of headless Chromium, unbundled. The page has the origin of its provider, since no other may be asked (CORS).

import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import { chromium } from 'playwright-core';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const PAGE = `<!doctype html>
<script type="importmap">{"imports": {"unified-ticketing": "/app/node_modules/unified-ticketing/dist/browser.js"}}</script>
<script type="module">import { call } from '/app/driver-call.js'; globalThis.call = call;</script>`;

/** Opens the page; what makes calls there, and its end. */
export async function open(origin, folder) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  await context.route('**/app/**', (route) => {
    const { pathname } = new URL(route.request().url());
    const body = pathname === '/app/page.html' ? PAGE : readFileSync(join(folder, pathname.slice('/app/'.length)));
    return route.fulfill({ body, contentType: TYPES[extname(pathname)] });
  });
  await page.goto(`${origin}/app/page.html`);
  await page.waitForFunction(() => globalThis.call);
  const call = (input) => page.evaluate((input) => globalThis.call(input), input);
  // The modules of WebAssembly are loaded at the first call. From then on, nothing stands between the page and its provider.
  await call({ accounts: [], method: 'getUser', args: ['00000000-0000-4000-8000-000000000000', '1'] });
  await context.unroute('**/app/**');
  return { call, stop: () => browser.close() };
}
