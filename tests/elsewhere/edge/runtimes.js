// The runtimes: how a program is started in each. A program says on which port it listens.

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = join(import.meta.dirname, '../node_modules');
const CAPNP = join(import.meta.dirname, 'workerd.capnp');

/** The programs, by runtime. */
export const PROGRAMS = {
  node: process.execPath,
  workerd: join(MODULES, '@cloudflare/workerd-linux-64/bin/workerd'),
  deno: join(MODULES, '@deno/linux-x64-glibc/deno'),
  bun: join(MODULES, '@oven/bun-linux-x64/bin/bun'),
};

/** The version of a runtime. */
export function version(runtime) {
  const [line] = execFileSync(PROGRAMS[runtime] ?? process.env.CHROMIUM, ['--version'], { encoding: 'utf8' }).split('\n');
  return line.match(/v?(\d[\d.-]*)/)[1];
}

/** Makes one file of a Worker, as the tools for Workers do: its package in the form for workerd, its modules of WebAssembly beside it. */
export function bundle(folder, entry) {
  const options = [
    '--bundle',
    '--format=esm',
    '--conditions=workerd',
    '--loader:.wasm=copy',
    '--asset-names=[name]',
    '--log-level=error',
  ];
  execFileSync(join(MODULES, '.bin/esbuild'), [entry, ...options, '--outfile=bundle/worker.js'], { cwd: folder });
  copyFileSync(CAPNP, join(folder, 'bundle/workerd.capnp'));
  return join(folder, 'bundle/workerd.capnp');
}

/** The command of a runtime for the driver in a folder. */
function command(runtime, folder) {
  switch (runtime) {
    case 'node':
      return ['start-node.js'];
    case 'deno':
      return ['run', '--quiet', '--no-prompt', '--cached-only', '--allow-env', '--allow-read', '--allow-net', 'start-deno.js'];
    case 'bun':
      return ['run', 'start-bun.js'];
    case 'workerd':
      return ['serve', bundle(folder, 'driver.js'), '--control-fd=3'];
  }
}

/** Starts the driver that is in the folder. */
export function start(runtime, folder, env) {
  return listening(runtime, command(runtime, folder), folder, env);
}

/** Starts a program; its URL, and how to end it. */
export async function listening(runtime, args, cwd, env) {
  const stdio = ['ignore', 'pipe', 'inherit', 'pipe'];
  const child = spawn(PROGRAMS[runtime], args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1', ...env }, stdio });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const port = await new Promise((resolve, reject) => {
    let said = '';
    const read = (chunk) => {
      said += chunk;
      const [, port] = said.match(/"?port"?[ :]+(\d+)/) ?? [];
      if (port) resolve(port);
    };
    child.stdout.on('data', read);
    child.stdio[3].on('data', read);
    child.once('error', reject);
    ended.then(() => reject(new Error(`${runtime} ended before it listened: ${said}`)));
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
