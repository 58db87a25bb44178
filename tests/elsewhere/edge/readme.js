// What the package's README shows, from the tarball alone, in empty folders: a program, checked strictly by TypeScript and run by Node.js;
// and a Worker, run by workerd. Each creates a user in the simulators.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundle, listening } from './runtimes.js';
import { TOKEN, environment, sandbox, send } from './sandbox.js';
import { STRICT, TSC } from './strict.js';

const README = readFileSync(join(import.meta.dirname, '../../../host/node/README.md'), 'utf8');
const MAX_LINES = 10;
/** The account that the README shows. */
const ACCOUNT = '62f44730-dd91-461e-bd6a-aedd9e0ad79d';

/** The code of the README that has these words. */
function example(words) {
  const [, code] = [...README.matchAll(/^```ts\n([^]*?)^```$/gm)].find(([, code]) => code.includes(words)) ?? [];
  if (!code) throw new Error(`the README shows no code with ${words}`);
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > MAX_LINES) throw new Error(`the code with ${words} has ${lines.length} lines`);
  return code;
}

/** A new folder with the package and the code in it, checked by TypeScript. Returns why it cannot be, or what `use` does. */
async function inFolder(tarball, name, words, use) {
  const folder = mkdtempSync(join(tmpdir(), 'unified-ticketing-'));
  const simulators = await sandbox();
  try {
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
    writeFileSync(join(folder, name), example(words));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error', tarball], {
      cwd: folder,
    });
    const checked = spawnSync(TSC, [...STRICT, name], { cwd: folder, encoding: 'utf8' });
    if (checked.status !== 0) return checked.stdout;
    const account = {
      id: ACCOUNT,
      integration: 'gorgias',
      base_url: `${simulators.origin}/gorgias/api`,
      credentials: { email: 'ops@acme.example', api_key: 'sandbox-gorgias-key' },
    };
    const why = await use(folder, environment([account], { accounts: [ACCOUNT], operations: ['create'] }));
    if (why) return why;
    const { users, methods } = JSON.parse((await send(`${simulators.origin}/_sandbox/count?integration=gorgias`)).text);
    return users === 1 && methods.POST === 1 ? undefined : `the simulator has ${users} users`;
  } catch (error) {
    return String(error);
  } finally {
    simulators.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Runs the program. */
export function project(tarball) {
  return inFolder(tarball, 'main.ts', 'new Ticketing', (folder, env) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['main.js'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
    });
    return status === 0 && /^created \d+ \[\]$/m.test(stdout) ? undefined : `${stdout}\n${stderr}`;
  });
}

/** Runs the Worker, and asks it for a user; the token is for one account, so that none is named. */
export function worker(tarball) {
  return inFolder(tarball, 'worker.ts', 'serve()', async (folder, env) => {
    mkdirSync(join(folder, 'bundle'));
    const { url, stop } = await listening('workerd', ['serve', bundle(folder, 'worker.ts'), '--control-fd=3'], folder, env);
    try {
      const body = JSON.stringify({ name: 'Tomas Okafor', emails: [{ email: 'tomas@kelpworks.example' }] });
      const users = `${url}/unified/ticketing/users`;
      const stranger = await send(users, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      if (stranger.status !== 401) return `without a token: ${stranger.status} ${stranger.text}`;
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
      const { status, text } = await send(users, { method: 'POST', headers, body });
      return status === 200 && JSON.parse(text).name === 'Tomas Okafor' ? undefined : `${status} ${text}`;
    } finally {
      await stop();
    }
  });
}
