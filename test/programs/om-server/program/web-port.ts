import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { databaseFolder } from './release.ts';

/** The web port, plain HTTP: `/` is the page of the bundle's WebFolder, `/status` one JSON object. */
export async function openWebPort(port: number, bundle: string, status: () => unknown): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    try {
      answer(request, response, bundle, status);
    } catch (error) {
      // Somebody moves the bundle just now: no reason to end.
      response.statusCode = 500;
      response.end(`${String(error)}\n`);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function answer(
  { url }: http.IncomingMessage,
  response: http.ServerResponse,
  bundle: string,
  status: () => unknown,
): void {
  if (url === '/status') {
    const body = JSON.stringify(status());
    response.setHeader('content-type', 'application/json');
    response.end(body);
  } else if (url === '/') {
    const page = readFileSync(path.join(databaseFolder(bundle), 'WebFolder', 'index.html'));
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page);
  } else {
    response.statusCode = 404;
    response.end('not found\n');
  }
}
