// A driver for check.py: makes every call in a runtime, by the methods or by the served API.
//
//     node calls.js FOLDER RUNTIME:methods|served

import { readFileSync } from 'node:fs';

import { start } from './runtimes.js';
import { TOKEN, environment, send } from './sandbox.js';

const [folder, value] = process.argv.slice(2);
const [runtime, way] = value.split(':');
const { accounts, calls } = JSON.parse(readFileSync(0, 'utf8'));

const METHODS = {
  'create-user': 'POST',
  'update-user': 'PATCH',
  'get-user': 'GET',
  'list-users': 'GET',
  'delete-user': 'DELETE',
};

/** Adds to the text of a body what the API says besides. It is never parsed, so that every digit stays. */
function withMembers(text, warnings, did) {
  return `${text.trimEnd().slice(0, -1)},"warnings":${JSON.stringify(warnings)},"did":${JSON.stringify(did)}}`;
}

async function byMethods(url, call, account) {
  const options = { collections: call.collections, format: call.format };
  const method = call.operation.replace(/-u(sers?)$/, 'U$1');
  const args = { createUser: [call.body], updateUser: [call.id, call.body], listUsers: [call.query ?? {}] }[method] ?? [call.id];
  const made = JSON.stringify({ accounts, method, args: [account, ...args, options] });
  const response = JSON.parse(
    (await send(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: made })).text,
  );
  if (response.thrown) throw new Error(`${call.name}: ${response.thrown}`);
  if (response.error) return { status: response.error.status, text: JSON.stringify(response.error.body) };
  const warnings = response.warnings.map(({ code, path }) => `${code} ${path}`);
  return { status: 200, text: withMembers(response.text, warnings, response.result) };
}

async function byServer(url, call, account) {
  const query = new URLSearchParams({ integrated_account_id: account });
  call.collections?.forEach((collection, index) => {
    for (const [key, each] of Object.entries(collection)) query.append(`collections[${index}][${key}]`, each);
  });
  const names = { email: 'emails[0][email]', cursor: 'next_cursor', limit: 'limit' };
  for (const [name, each] of Object.entries(call.query ?? {})) query.append(names[name], each);
  if (call.format) query.append('truto_response_format', call.format);
  const id = call.id === undefined ? '' : `/${encodeURIComponent(call.id)}`;
  const headers = { authorization: `Bearer ${TOKEN}`, ...(call.body && { 'content-type': 'application/json' }) };
  const options = { method: METHODS[call.operation], headers, body: call.body && JSON.stringify(call.body) };
  const response = await send(`${url}/unified/ticketing/users${id}?${query}`, options);
  if (response.status !== 200) return response;
  const warnings = (response.headers['unified-warning'] ?? '').split(', ').filter(Boolean);
  const named = warnings.map((warning) => decodeURIComponent(warning.replace('; path="', ' ').replace(/"$/, '')));
  return { status: 200, text: withMembers(response.text, named, response.headers['unified-result']) };
}

const made = new Map();
const { url, stop } = await start(runtime, folder, environment(accounts));
try {
  const texts = [];
  for (const call of calls) {
    const resolved = { ...call };
    if (call.user !== undefined) resolved.id = made.get(call.user)?.id ?? call.user;
    if (call.query?.after !== undefined) {
      const { after, ...query } = call.query;
      resolved.query = { ...query, cursor: made.get(after).next_cursor };
    }
    const account = accounts.find(({ name }) => name === call.account).id;
    const { status, text } = await (way === 'methods' ? byMethods : byServer)(url, resolved, account);
    made.set(call.name, JSON.parse(text));
    texts.push(`{"status":${status},"body":${text}}`);
  }
  process.stdout.write(`[${texts.join(',')}]`);
} finally {
  await stop();
}
