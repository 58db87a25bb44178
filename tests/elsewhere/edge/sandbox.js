// The simulators, with accounts for them; and a request of this test's own, on a connection of its own.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import http from 'node:http';

/** A bearer token for everything. */
export const TOKEN = 'ut_a-token-of-the-test-that-reaches-all';

/** The variables of a server for these accounts. */
export function environment(accounts, token = {}) {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex');
  const all = { name: 'test', sha256, accounts: 'all', operations: ['read', 'create', 'update', 'delete'], ...token };
  return {
    UNIFIED_TICKETING_ACCOUNTS_JSON: JSON.stringify({ account: accounts }),
    UNIFIED_TICKETING_TOKENS_JSON: JSON.stringify({ token: [all] }),
  };
}

/** Sends a request; the status and the text of the response. */
export function send(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Starts the simulators; where they are, and the credential of the account for Dixa. */
export async function sandbox() {
  const child = spawn(process.env.PROGRAM, ['sandbox', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [, origin, token] = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const found = said.match(/^base_url = "(http:\/\/[^/]+)\/dixa[^]*?api_token = "([^"]+)"/m);
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(`the sandbox did not start: ${said}`)));
  });
  return { origin, token, stop: () => child.kill() };
}
