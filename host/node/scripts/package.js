// Makes a package of what was compiled: its manifest, the declarations that the public one leads to, and code without comments.
//
//     node package.js PACKAGE-FOLDER

import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { minify } from 'terser';

const [folder] = process.argv.slice(2);
const { devDependencies, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'));
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

const dist = join(folder, 'dist');
const reached = new Set(['index.d.ts']);
for (const name of reached) {
  for (const [, imported] of readFileSync(join(dist, name), 'utf8').matchAll(/(?:from|import\() ?'\.\/([^']+)\.js'/g)) {
    reached.add(`${imported}.d.ts`);
  }
}
for (const name of readdirSync(dist)) {
  const path = join(dist, name);
  if (name.endsWith('.js')) {
    // Names stay, so that a stack trace can be read.
    const { code } = await minify(readFileSync(path, 'utf8'), {
      module: true,
      keep_fnames: true,
      keep_classnames: true,
      format: { ecma: 2022 },
    });
    writeFileSync(path, code);
  } else if (!reached.has(name)) unlinkSync(path);
}
