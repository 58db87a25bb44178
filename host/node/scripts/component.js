// Makes JavaScript and core modules of the component, for what this package uses of it: `http-api` and `integrations`.
//
//     node component.js CORE.wasm WIT-FOLDER OUT-FOLDER
//
// Without the interface `steps`, and optimized for size, the package is a fifth smaller.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { componentEmbed, componentNew, transpile } from '@bytecodealliance/jco';
import { minify } from 'terser';

const NAME = 'ticketing';
const WORLD = 'world host { import accounts; export http-api; export integrations; }';
/** The interfaces of the world, and what they use. */
const INTERFACES = ['accounts', 'http-api', 'integrations', 'types'];
/** What Rust's target `wasm32-unknown-unknown` may use. */
const FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];

const [component, wit, out] = process.argv.slice(2);
const binary = (tool, ...args) => {
  const enabled = FEATURES.map((feature) => `--enable-${feature}`);
  execFileSync(join(import.meta.dirname, '../node_modules/.bin', tool), [...enabled, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

/** The options of a transpilation that every runtime can load: no code that is made at run time, and no shim. */
const OPTIONS = {
  name: NAME,
  instantiation: 'sync',
  noNodejsCompat: true,
  nodejsCompat: false,
  base64Cutoff: 0,
  wasiShim: false,
  validLiftingOptimization: true,
};

/** The core module of the component that has the code; the others are glue, which is made anew. */
async function coreModule(path) {
  const { files } = await transpile(readFileSync(path), OPTIONS);
  const modules = Object.entries(files).filter(([name]) => name.endsWith('.wasm'));
  return modules.reduce((largest, next) => (next[1].length > largest[1].length ? next : largest))[1];
}

/** The core module without the exports of other interfaces, and without the code that only they need. */
function trimmed(core) {
  const [before, graph, after] = ['core.wasm', 'graph.json', 'trimmed.wasm'].map((name) => join(out, name));
  writeFileSync(before, core);
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(core)).map(({ name }) => name);
  const kept = exported.filter((name) => !name.includes('unified:ticketing/steps@'));
  if (kept.length === exported.length) throw new Error('the component exports no `steps`: what is to be left out?');
  const nodes = kept.map((name) => ({ name: `export ${name}`, export: name }));
  writeFileSync(graph, JSON.stringify([{ name: 'root', root: true, reaches: nodes.map(({ name }) => name) }, ...nodes]));
  binary('wasm-metadce', '--graph-file', graph, before, '--output', after);
  binary('wasm-opt', '-Oz', '--strip-debug', '--strip-producers', after, '--output', after);
  return readFileSync(after);
}

/** A component of the world that this package uses. */
async function embedded(core) {
  const text = INTERFACES.map((name) => readFileSync(join(wit, `${name}.wit`), 'utf8')).join('\n');
  const [header] = readFileSync(join(wit, 'world.wit'), 'utf8').match(/^package .*;$/m);
  return componentNew(await componentEmbed({ binary: core, witSource: `${header}\n${text}\n${WORLD}\n`, world: 'host' }), []);
}

/**
 * The code without its preparations for asynchronous functions, which this world has none of. Where `WebAssembly.promising` is
 * missing, making the messages of the errors that it is caught with takes ten times as long as the instantiation.
 */
async function smaller(code) {
  const attempt = /try \{\s*\w+ = WebAssembly\.promising\([^;]+\);\s*\} catch\(err\) \{\s*(\w+ = [^;]+;)\s*\}/g;
  const synchronous = code.replace(attempt, '$1');
  if (synchronous.includes('promising')) throw new Error('the transpiled code is not what this script knows');
  const compress = { passes: 4, pure_funcs: ['_debugLog'], drop_console: true, ecma: 2022 };
  return (await minify(synchronous, { module: true, compress, format: { ecma: 2022 } })).code;
}

mkdirSync(out, { recursive: true });
const { files } = await transpile(await embedded(trimmed(await coreModule(component))), OPTIONS);
for (const [name, content] of Object.entries(files)) {
  const path = join(out, 'generated', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, name === `${NAME}.js` ? await smaller(new TextDecoder().decode(content)) : content);
}
