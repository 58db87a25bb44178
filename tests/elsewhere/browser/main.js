// Opens the page in headless Chromium, its files answered from here, and lets it plan and interpret while offline.

import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';

const ORIGIN = 'http://page.test';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const given = JSON.parse(readFileSync(0, 'utf8'));
// A page has no business with values.
for (const account of given.accounts) account.credentials = Object.keys(account.credentials);

const browser = await chromium.launch({ executablePath: process.argv[2] });
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  await context.route('**', (route) => {
    const url = new URL(route.request().url());
    if (url.origin !== ORIGIN) {
      console.error(`the page asked for ${url}`);
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
  const answers = await page.evaluate((given) => globalThis.run(given), given);
  process.stdout.write(JSON.stringify(answers));
} finally {
  await browser.close();
}
