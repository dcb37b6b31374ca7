import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { databaseFolder } from './release.ts';

/** The web port, plain HTTP: `/` is the page of the bundle's WebFolder, `/status` one JSON object. */
export async function openWebPort(port: number, bundle: string, status: () => unknown): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    if (request.url === '/status') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(status()));
    } else if (request.url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(readFileSync(path.join(databaseFolder(bundle), 'WebFolder', 'index.html')));
    } else {
      response.statusCode = 404;
      response.end('not found\n');
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
