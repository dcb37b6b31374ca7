import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** One answered request: which file, from where on, and the bytes of its body that went out. */
export interface ServedRequest {
  readonly path: string;
  readonly from: number;
  sent: number;
}

/** A web server for a folder, with Range; a scene may spoil some answers or let them stall. */
export interface StaticServer {
  readonly url: string;
  readonly served: ServedRequest[];
  /** Set once the folder is there. */
  folder: string;
  /** Files of which the last byte is sent wrong. */
  spoilt: RegExp | undefined;
  /** Files of which half is sent, and then nothing more. */
  stalled: RegExp | undefined;
  /** The status of every answer, instead of the file. */
  refusing: number | undefined;
  /** What every answer says, with status 200, as a captive portal does. */
  portal: string | undefined;
  /** Called with each file's path before it is answered. */
  onRequest: ((path: string) => void) | undefined;
  close(): Promise<void>;
}

export async function openStaticServer(): Promise<StaticServer> {
  const server = createServer((request, response) => answer(site, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const site: StaticServer = {
    url: `http://127.0.0.1:${port}/`,
    served: [],
    folder: '',
    spoilt: undefined,
    stalled: undefined,
    refusing: undefined,
    portal: undefined,
    onRequest: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return site;
}

function answer(site: StaticServer, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '', site.url).pathname;
  if (site.refusing !== undefined) {
    response.writeHead(site.refusing, { 'retry-after': '1' }).end();
    return;
  }
  if (site.portal !== undefined) {
    response.writeHead(200, { 'content-type': 'text/html' }).end(site.portal);
    return;
  }
  site.onRequest?.(path);
  const file = join(site.folder, path);
  if (!existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  const { size } = statSync(file);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '') ?? [];
  const from = Number(first ?? 0);
  const end = last === undefined || last === '' ? size - 1 : Math.min(size - 1, Number(last));
  const served: ServedRequest = { path, from, sent: 0 };
  site.served.push(served);
  const range = first === undefined ? {} : { 'content-range': `bytes ${from}-${end}/${size}` };
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': end - from + 1,
    etag: `"${size}-static"`,
    ...range,
  });
  void send(site, served, response, { file, from, end });
}

async function send(
  site: StaticServer,
  served: ServedRequest,
  response: ServerResponse,
  part: { readonly file: string; readonly from: number; readonly end: number },
): Promise<void> {
  const half = Math.floor((part.end - part.from) / 2);
  for await (const chunk of createReadStream(part.file, { start: part.from, end: part.end, highWaterMark: 16_384 })) {
    const piece = chunk as Buffer;
    if (site.stalled?.test(served.path) === true && served.sent > half) return;
    const isLast = part.from + served.sent + piece.length > part.end;
    if (isLast && site.spoilt?.test(served.path) === true) piece[piece.length - 1] = (piece.at(-1) ?? 0) ^ 1;
    if (response.destroyed) return;
    response.write(piece);
    served.sent += piece.length;
  }
  response.end();
}
