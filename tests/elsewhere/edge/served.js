// Requests that a client may not make, or that the API rejects: the handler of the package, in Node.js, has the response of
// `unified-ticketing serve`.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { start } from './runtimes.js';
import { sandbox, send } from './sandbox.js';

const ONE = '62f44730-dd91-461e-bd6a-aedd9e0ad79d';
const OTHER = '9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35';
const NONE = '00000000-58ab-4e07-b4d2-6c0e8f1a7b35';
const USERS = '/unified/ticketing/users';
/** The tokens, by name: what each reaches, and what it may do. */
const TOKENS = {
  'reads-one': { accounts: [ONE], operations: ['read'] },
  'creates-one': { accounts: [ONE], operations: ['create'] },
  'reads-two': { accounts: [ONE, OTHER], operations: ['read'] },
  everything: { accounts: 'all', operations: ['read', 'create', 'update', 'delete'] },
};
const tokenOf = (name) => `ut_the-token-of-the-test-that-${name}`;
/** Of the connection, of the moment, or of a single response. */
const OWN_HEADERS = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-request-id'];

const of = (id, more = '') => `${USERS}${more}?integrated_account_id=${id}`;
const json = { 'content-type': 'application/json' };
const USER = JSON.stringify({ name: 'Ines Lind', emails: [{ email: 'ines@kelpworks.example' }] });
const post = { method: 'POST', headers: json, body: USER };
const patch = { method: 'PATCH', headers: json, body: '{"name":"Ines"}' };

/** The requests: a name, the name of the token, the path, and the rest. */
const REQUESTS = [
  ['no token', undefined, of(ONE)],
  ['no token, unknown path', undefined, '/nowhere'],
  ['no token, HEAD', undefined, of(ONE), { method: 'HEAD' }],
  ['wrong token', 'unknown', of(ONE)],
  ['another scheme', undefined, of(ONE), { headers: { authorization: `Basic ${tokenOf('everything')}` } }],
  ['token without a scheme', undefined, of(ONE), { headers: { authorization: tokenOf('everything') } }],
  ['empty token', undefined, of(ONE), { headers: { authorization: 'Bearer ' } }],
  ['scheme in capitals', undefined, of(NONE), { headers: { authorization: `BEARER   ${tokenOf('everything')}` } }],
  ['unknown path', 'everything', '/nowhere'],
  ['root', 'everything', '/'],
  ['path that is too long', 'everything', of(ONE, '/1/2')],
  ['path with an end', 'everything', of(ONE, '/')],
  ['unknown path, HEAD', 'everything', '/nowhere', { method: 'HEAD' }],
  ['HEAD', 'reads-one', of(ONE), { method: 'HEAD' }],
  ['HEAD of a user', 'reads-one', of(ONE, '/1'), { method: 'HEAD' }],
  ['OPTIONS', 'everything', of(ONE), { method: 'OPTIONS' }],
  ['PUT', 'everything', of(ONE, '/1'), { ...patch, method: 'PUT' }],
  ['PUT by a token that reads', 'reads-one', of(ONE, '/1'), { ...patch, method: 'PUT' }],
  ['POST to a user', 'everything', of(ONE, '/1'), post],
  ['DELETE of all', 'everything', of(ONE), { method: 'DELETE' }],
  ['method of another account', 'reads-one', of(OTHER), { ...patch, method: 'PUT' }],
  ['another media type', 'everything', of(ONE), { ...post, headers: { 'content-type': 'text/plain' } }],
  ['another character set', 'everything', of(ONE), { ...post, headers: { 'content-type': 'application/json; charset=latin1' } }],
  ['a coding', 'everything', of(ONE), { ...post, headers: { ...json, 'content-encoding': 'gzip' } }],
  ['another media type, another operation', 'reads-one', of(ONE), { ...post, headers: { 'content-type': 'text/plain' } }],
  ['another media type, another account', 'reads-one', of(OTHER), { ...post, headers: { 'content-type': 'text/plain' } }],
  ['no media type', 'reads-one', of(ONE), { ...post, headers: {} }],
  ['too large', 'everything', of(ONE), { ...post, body: ' '.repeat((1 << 20) + 1) }],
  ['far too large', 'everything', of(ONE), { ...post, body: ' '.repeat(3 << 20) }],
  ['too large, another operation', 'reads-one', of(ONE), { ...post, body: ' '.repeat((1 << 20) + 1) }],
  ['too large, another account', 'reads-one', of(OTHER), { ...post, body: ' '.repeat((1 << 20) + 1) }],
  ['as large as it may be', 'everything', of(ONE), { ...post, body: ' '.repeat(1 << 20) }],
  ['account that is left out', 'everything', USERS, post],
  ['account that is left out, token for one', 'creates-one', `${USERS}?unified_dry_run=true`, post],
  ['account that is left out, token for one that reads', 'reads-one', USERS, post],
  ['account that is left out, token for two', 'reads-two', USERS],
  ['account that is left out, token for two, another operation', 'reads-two', USERS, post],
  ['account that is empty, token for one', 'reads-one', of('')],
  ['account that is no UUID', 'everything', of('acme')],
  ['account that is no UUID, another operation', 'reads-one', of('acme'), post],
  ['account given twice', 'everything', `${of(ONE)}&integrated_account_id=${OTHER}`],
  ['account given twice, token for one', 'reads-one', `${of(ONE)}&integrated_account_id=${ONE}`],
  ['account given twice, another operation', 'reads-one', `${of(ONE)}&integrated_account_id[]=${ONE}`, post],
  ['account as an array', 'reads-one', `${USERS}/unknown?integrated_account_id[]=${ONE}`],
  ['account as an array, another operation', 'reads-one', `${USERS}?integrated_account_id%5B0%5D=${ONE}`, post],
  ['account as an object', 'reads-one', `${USERS}?integrated_account_id[a]=${ONE}`],
  ['account after a second question mark', 'creates-one', `${USERS}?a=b?&integrated_account_id=${OTHER}`, post],
  ['account in capitals', 'reads-one', of(ONE.toUpperCase(), '/unknown')],
  ['account in capitals, another operation', 'reads-one', of(ONE.toUpperCase()), post],
  ['another account', 'reads-one', of(OTHER, '/1')],
  ['another account, another operation', 'reads-one', of(OTHER), post],
  ['another account, dry run', 'creates-one', `${of(OTHER)}&unified_dry_run=true`, post],
  ['unknown account', 'everything', of(NONE, '/1')],
  ['unknown account, token for others', 'reads-two', of(NONE, '/1')],
  ['unknown account, another operation', 'reads-two', of(NONE), post],
  ['another operation: creation', 'reads-one', of(ONE), post],
  ['another operation: update', 'creates-one', of(ONE, '/1'), patch],
  ['another operation: deletion', 'creates-one', of(ONE, '/1'), { method: 'DELETE' }],
  ['another operation: get', 'creates-one', of(ONE, '/1')],
  ['another operation: list', 'creates-one', of(ONE)],
  ['another operation: dry run', 'reads-one', `${of(ONE)}&unified_dry_run=true`, post],
  ['another operation: violations', 'reads-one', `${of(ONE)}&truto_x=1`, { ...post, body: '{' }],
  ['dry run', 'creates-one', `${of(ONE)}&unified_dry_run=true`, post],
  ['dry run with a warning', 'creates-one', `${of(ONE)}&unified_dry_run=true&unknown=1`, post],
  ['spelled in percent signs', 'reads-one', `${USERS}?integrated%5faccount%5Fid=${ONE.replace('6', '%36')}`, post],
  ['a broken percent sign', 'reads-one', `${USERS}?integrated_account_id=${ONE}%`, post],
  ['no UTF-8', 'reads-one', `${USERS}?integrated_account_id=${ONE}%ff`, post],
  ['a blank after it', 'reads-one', `${USERS}?integrated_account_id=${ONE}+`, post],
  ['a blank in the name', 'reads-one', `${USERS}?+integrated_account_id=${OTHER}`, post],
  ['an array within', 'reads-one', `${USERS}?integrated_account_id[][]=${OTHER}`, post],
  ['a long index', 'reads-one', `${USERS}?integrated_account_id[12345678901234567890]=${OTHER}`, post],
  ['a negative index', 'reads-one', `${USERS}?integrated_account_id[-1]=${OTHER}`, post],
  ['a null character', 'reads-one', `${USERS}?integrated_account_id=${OTHER}%00`, post],
  ['a no-break space after the token', undefined, of(ONE), { headers: { authorization: `Bearer ${tokenOf('everything')}\u00a0` } }],
  ['a tab before the token', undefined, of(NONE), { headers: { authorization: `Bearer \t${tokenOf('everything')}\t` } }],
  ['a tab after the scheme', undefined, of(NONE), { headers: { authorization: `Bearer\t${tokenOf('everything')}` } }],
  ['two tokens', undefined, of(ONE), { headers: { authorization: [`Bearer ${tokenOf('reads-one')}`, `Bearer ${tokenOf('everything')}`] } }],
  ['violations', 'everything', `${of(ONE)}&truto_x=1&limit=a`, { ...post, body: '{"name":1,"name":2}' }],
  ['no JSON', 'everything', of(ONE), { ...post, body: '{' }],
  ['no body', 'everything', of(ONE), { method: 'POST' }],
  ['health', undefined, '/healthz'],
  ['health, HEAD', undefined, '/healthz', { method: 'HEAD' }],
  ['health, POST', undefined, '/healthz', { method: 'POST' }],
  ['readiness', undefined, '/readyz'],
];

/** Starts `serve` with files of these; its URL, and its end. */
async function serve(folder, accounts, tokens) {
  // A string, and an array of strings, is in TOML as it is in JSON.
  const table = (name, members) => [`[[${name}]]`, ...Object.entries(members).map(([key, value]) => `${key} = ${toml(value)}`)];
  const write = (name, all) => {
    const path = join(folder, `${name}s.toml`);
    writeFileSync(path, all.flatMap((each) => table(name, each)).join('\n'), { mode: 0o600 });
    return path;
  };
  const args = ['--accounts', write('account', accounts), 'serve', '--listen', '127.0.0.1:0', '--tokens', write('token', tokens)];
  const child = spawn(process.env.PROGRAM, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
      const [, found] = said.match(/listening on (http:\S+)/) ?? [];
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(`serve did not start: ${said}`)));
  });
  return { url, stop: () => child.kill() };
}

function toml(value) {
  if (typeof value === 'string' || Array.isArray(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, each]) => `${key} = ${toml(each)}`);
  return `{ ${members.join(', ')} }`;
}

/** What a response says. */
function said({ status, headers, text }) {
  const id = headers['x-request-id'] === undefined ? 'no request id' : undefined;
  const all = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return JSON.stringify({ status, headers: Object.fromEntries(all.sort()), text, id });
}

/** Compares both. Returns, for each request, why it fails; `undefined` where it does not. */
export async function served(folder) {
  const files = mkdtempSync(join(tmpdir(), 'unified-ticketing-'));
  const simulators = await sandbox();
  const accounts = [
    { id: ONE, integration: 'dixa', base_url: `${simulators.origin}/dixa/v1`, credentials: { api_token: simulators.token } },
    {
      id: OTHER,
      integration: 'gorgias',
      base_url: `${simulators.origin}/gorgias/api`,
      credentials: { email: 'ops@acme.example', api_key: 'sandbox-gorgias-key' },
    },
  ];
  const tokens = Object.entries(TOKENS).map(([name, grant]) => ({
    name,
    sha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
    ...grant,
  }));
  const results = {};
  const started = [];
  try {
    const ours = await serve(files, accounts, tokens);
    started.push(ours);
    const its = await start('node', folder, {
      UNIFIED_TICKETING_ACCOUNTS_JSON: JSON.stringify({ account: accounts }),
      UNIFIED_TICKETING_TOKENS_JSON: JSON.stringify({ token: tokens }),
    });
    started.push(its);
    for (const [name, token, path, options = {}] of REQUESTS) {
      const headers = { ...(token && { authorization: `Bearer ${tokenOf(token)}` }), ...options.headers };
      const ask = async ({ url }) => said(await send(`${url}${path}`, { ...options, headers }));
      const [expected, actual] = [await ask(ours), await ask(its)];
      results[name] = expected === actual ? undefined : `serve:    ${expected}\n  package:  ${actual}`;
    }
  } finally {
    for (const { stop } of started) await stop();
    simulators.stop();
    rmSync(files, { recursive: true });
  }
  return results;
}
