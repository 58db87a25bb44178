// What is in the package.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const PACKAGE = new URL('../out/package/', import.meta.url);
const read = (name) => readFileSync(new URL(name, PACKAGE), 'utf8');

test('links of the README lead to files of the package', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link);
  assert.ok(links.includes('docs/node.md'));
  for (const link of links) assert.ok(existsSync(new URL(link, PACKAGE)), link);
});

test('package needs nothing, and runs nothing when it is installed', () => {
  const manifest = JSON.parse(read('package.json'));
  for (const key of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) {
    assert.equal(manifest[key], undefined, key);
  }
  assert.equal(manifest.license, 'Apache-2.0 WITH LLVM-exception');
});

test('transpiled code makes no code at run time, and says nothing', () => {
  const code = read('generated/ticketing.js');
  for (const word of ['eval(', 'new Function', 'console.', 'import(', 'require(']) assert.ok(!code.includes(word), word);
});
