import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** Answers a request itself (true), or leaves it to the honest server (false). */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined) => boolean;

/** A web server on loopback that serves files honestly, with ETag and Range, unless it is told to misbehave. */
export interface RepositoryServer {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  /** Bytes of bodies that honest answers sent. */
  sent: number;
  misbehave: Misbehaviour;
  /** A secure one shows another certificate from the next connection on. */
  present(certificate: Certificate): void;
}

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export async function serveRepository(
  files: ReadonlyMap<string, Buffer>,
  secure?: Certificate,
): Promise<RepositoryServer> {
  const state: RepositoryServer = {
    url: '',
    port: 0,
    seen: [],
    sent: 0,
    misbehave: () => false,
    present: () => undefined,
  };
  const listener: RequestListener = (request, response) => {
    const path = (request.url ?? '').slice(1);
    state.seen.push({ path, range: request.headers.range, ifRange: request.headers['if-range'] as string | undefined });
    const bytes = files.get(path);
    if (!state.misbehave(request, response, bytes)) answer(state, request, response, bytes);
  };
  const secureServer = secure === undefined ? undefined : createSecureServer(secure, listener);
  const server = secureServer ?? createServer(listener);
  state.present = (certificate) => {
    secureServer?.setSecureContext(certificate);
    secureServer?.closeAllConnections();
  };
  const port = await listen(server);
  onTestFinished(() => close(server));
  return Object.assign(state, { port, url: `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}/` });
}

function answer(
  state: RepositoryServer,
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer | undefined,
): void {
  if (bytes === undefined) {
    response.writeHead(404).end('no such file');
    return;
  }
  const from = rangeStart(request);
  const until = rangeEnd(request) ?? bytes.length;
  const part = bytes.subarray(from, until);
  const headers = { 'content-length': part.length, etag: etagOf(bytes) };
  const range = { 'content-range': `bytes ${String(from)}-${String(until - 1)}/${String(bytes.length)}` };
  const whole = part.length === bytes.length;
  state.sent += part.length;
  response.writeHead(whole ? 200 : 206, whole ? headers : { ...headers, ...range }).end(part);
}

export function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-\d*$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}

/** The byte behind the last one asked for. */
function rangeEnd(request: IncomingMessage): number | undefined {
  const last = /^bytes=\d+-(\d+)$/.exec(request.headers.range ?? '')?.[1];
  return last === undefined ? undefined : Number(last) + 1;
}

export function etagOf(bytes: Buffer): string {
  return `"${String(bytes.length)}-1"`;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
