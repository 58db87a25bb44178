// Serves the driver in Bun.

import driver from './driver.js';

const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 60, fetch: driver.fetch });
console.log(`port ${port}`);
