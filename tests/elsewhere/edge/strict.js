// TypeScript as a strict program has it, the declarations of the package included.

import { join } from 'node:path';

const MODULES = join(import.meta.dirname, '../node_modules');

/** The compiler. */
export const TSC = join(MODULES, '.bin/tsc');

/** Its options; the names of files follow. */
export const STRICT = [
  ...['--strict', '--target', 'es2022', '--lib', 'es2022', '--module', 'nodenext'],
  ...['--typeRoots', join(MODULES, '@types'), '--types', 'node'],
];
