// Everything that is tested of the package, in every runtime; then a table of it.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

import { FAULTS, applies, faults } from './faults.js';
import { project, worker } from './readme.js';
import { PROGRAMS, version } from './runtimes.js';
import { served } from './served.js';
import { STRICT, TSC } from './strict.js';

const [folder, tarball] = process.argv.slice(2);
const runtimes = Object.keys(PROGRAMS);
let passed = 0;
let failed = 0;

function count(name, why) {
  if (why === undefined) {
    passed += 1;
    console.log(`ok      ${name}`);
  } else {
    failed += 1;
    console.log(`FAILED  ${name}\n  ${why}`);
  }
  return why === undefined;
}

/** A command that must succeed. */
function command(name, program, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options });
  count(name, status === 0 ? undefined : `${stdout}\n${stderr}`);
}

/** Every call, compared with our own host: how many of each runtime are the same, of how many. */
async function calls() {
  const each = runtimes.flatMap((runtime) => ['methods', 'served'].flatMap((way) => ['--each', `${runtime}:${way}`]));
  const child = spawn('../check.py', [...each, 'http', 'node', 'calls.js', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const counts = Object.fromEntries(runtimes.map((runtime) => [runtime, [0, 0]]));
  for await (const line of createInterface({ input: child.stdout })) {
    const [, verdict, runtime] = line.match(/^(ok|FAILED) +(\w+):/) ?? [];
    const last = line.match(/^(\d+) passed, (\d+) failed$/);
    if (verdict) counts[runtime][verdict === 'ok' ? 0 : 1] += 1;
    if (last) {
      passed += Number(last[1]);
      failed += Number(last[2]);
    } else console.log(line);
  }
  return counts;
}

/** The tests of the package alone. */
function unitTests() {
  const { stdout, stderr } = spawnSync('node', ['--test', '--test-reporter=tap', '../../../host/node/test/'], {
    encoding: 'utf8',
  });
  const [, ok] = stdout.match(/^# pass (\d+)$/m) ?? [];
  const [, wrong] = stdout.match(/^# fail (\d+)$/m) ?? [];
  const [, cancelled] = stdout.match(/^# cancelled (\d+)$/m) ?? [];
  if (!ok || Number(wrong) + Number(cancelled) > 0 || ok === '0') console.log(stdout, stderr);
  passed += Number(ok ?? 0);
  failed += ok && ok !== '0' ? Number(wrong) + Number(cancelled) : 1;
  console.log(`the package's own tests: ${ok} passed, ${wrong} failed`);
}

unitTests();
command('the same tarball again', 'bash', [
  '-c',
  'cp "$1" build/first.tgz && ../../../host/node/build >&2 && cmp build/first.tgz "$1"',
  '-',
  tarball,
]);
command('publint', '../node_modules/.bin/publint', ['--strict', '--pack', 'npm', '../../../host/node/out/package']);
command('are the types wrong', '../node_modules/.bin/attw', ['--profile', 'esm-only', tarball]);
command('the types of the OpenAPI document', TSC, ['--noEmit', ...STRICT, 'types.ts'], { cwd: folder });
count('the project of the README', await project(tarball));
count('the Worker of the README', await worker(tarball));
for (const [name, why] of Object.entries(await served(folder))) count(`as serve: ${name}`, why);
const counts = await calls();
const rows = [['', 'calls', ...Object.keys(FAULTS)]];
for (const runtime of [...runtimes, 'chromium']) {
  const results = await faults(runtime, folder);
  const cells = Object.keys(FAULTS).map((name) => {
    if (!applies(runtime, name)) return '-';
    if (!count(`${runtime}: ${name}`, results[name])) return 'FAILED';
    return runtime === 'chromium' ? 'denied' : 'ok';
  });
  const [right, wrong] = counts[runtime] ?? [];
  rows.push([`${runtime} ${version(runtime)}`, counts[runtime] ? `${right}/${right + wrong}` : '-', ...cells]);
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
