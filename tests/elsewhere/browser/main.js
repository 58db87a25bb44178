// Opens the page in headless Chromium, serves its files, and has it make the calls while offline.

import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';

const ORIGIN = 'http://page.test';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const input = JSON.parse(readFileSync(0, 'utf8'));
// The page gets no values.
for (const account of input.accounts) account.credentials = Object.keys(account.credentials);

const browser = await chromium.launch({ executablePath: process.argv[2] });
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  await context.route('**', (route) => {
    const url = new URL(route.request().url());
    if (url.origin !== ORIGIN) {
      console.error(`the page requested ${url}`);
      return route.abort();
    }
    return route.fulfill({
      body: readFileSync(new URL(`..${url.pathname}`, import.meta.url)),
      contentType: TYPES[extname(url.pathname)],
    });
  });
  await page.goto(`${ORIGIN}/browser/page.html`);
  await page.waitForFunction(() => globalThis.run);
  await context.unroute('**');
  await context.setOffline(true);
  const responses = await page.evaluate((input) => globalThis.run(input), input);
  process.stdout.write(JSON.stringify(responses));
} finally {
  await browser.close();
}
