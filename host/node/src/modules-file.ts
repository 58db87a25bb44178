/** The core modules from files beside this one, for runtimes that have `node:fs`. */

import { readFile } from 'node:fs/promises';

import { MODULES } from './component.js';
import type { Modules } from './component.js';

/** Reads and compiles them. */
export async function modules(): Promise<Modules> {
  const compiled = MODULES.map(async (name) => [
    name,
    await WebAssembly.compile(await readFile(new URL(`../generated/${name}`, import.meta.url))),
  ]);
  return Object.fromEntries(await Promise.all(compiled)) as Modules;
}
