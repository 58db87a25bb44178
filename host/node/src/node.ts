/** The package in Node.js. */

import { modules } from './modules-file.js';
import { provide } from './runtime.js';
import { send } from './send-node.js';

export * from './index.js';

provide({ modules, send });
