// Serves the driver in Deno.

import driver from './driver.js';

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, driver.fetch);
