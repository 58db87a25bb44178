/** The package in Bun. */

import { modules } from './modules-file.js';
import { provide } from './runtime.js';
import { sendByFetch } from './send-fetch.js';

export * from './index.js';

/** The codes of errors of Bun that come before a connection is made. */
const UNCONNECTED = ['ECONNREFUSED', 'ConnectionRefused', 'ENOTFOUND'];
const isUnconnected = (error: unknown) => UNCONNECTED.includes(String((error as { code?: unknown }).code));

// Each request on a connection of its own, which no earlier one can have left closed. Bodies stay as they come.
const init = { keepalive: false, decompress: false } as RequestInit;

provide({ modules, send: sendByFetch({ init, isUnconnected, decodes: false }) });
