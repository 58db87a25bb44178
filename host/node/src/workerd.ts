/** The package in workerd, the runtime of Cloudflare Workers: the modules are compiled when the Worker is uploaded. */

import core from '../generated/ticketing.core.wasm';
import core2 from '../generated/ticketing.core2.wasm';
import core3 from '../generated/ticketing.core3.wasm';
import { provide } from './runtime.js';
import { sendByFetch } from './send-fetch.js';

export * from './index.js';

const modules = { 'ticketing.core.wasm': core, 'ticketing.core2.wasm': core2, 'ticketing.core3.wasm': core3 };

provide({ modules: async () => modules, send: sendByFetch({ decodes: true }) });
