// Serves the driver in Node.js, whose own server has another form.

import http from 'node:http';
import { Readable } from 'node:stream';

import driver from './driver.js';

const server = http.createServer(async (incoming, outgoing) => {
  const { method, url } = incoming;
  const body = ['GET', 'HEAD'].includes(method) ? undefined : Readable.toWeb(incoming);
  const request = new Request(`http://127.0.0.1${url}`, { method, headers: incoming.headers, body, duplex: 'half' });
  const response = await driver.fetch(request);
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
