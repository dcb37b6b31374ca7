import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export type ServedRequest = IncomingMessage;
export type ServedResponse = ServerResponse;

/** What an HTTP server allows, and who answers. Times in milliseconds. */
export interface HttpServerOptions {
  /** From the connection (or the last answer) to the end of the next request's head. */
  readonly headMs: number;
  /** From the connection to the end of the request's body. */
  readonly requestMs: number;
  /** How often both are looked at. */
  readonly checkEveryMs: number;
  readonly headBytes: number;
  readonly keepAliveMs: number;
  readonly requestsPerConnection: number;
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly onRequest: (request: ServedRequest, response: ServedResponse) => void;
  /** What never became a request: not HTTP, too large a head, too slow. */
  readonly onBrokenRequest: (error: Error & { readonly code?: string }, socket: Duplex) => void;
}

export interface HttpServer {
  readonly server: Server;
  /** Rejects with the error of listen(2). */
  listen(target: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<void>;
  /** Ends every connection, whatever it is doing. May be called twice, and before `listen`. */
  close(): Promise<void>;
}

/** Makes an HTTP/1.1 server, with TLS when there is a key; throws when the key does not fit its certificate. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const server = serverOf(options);
  server.maxRequestsPerSocket = options.requestsPerConnection;
  server.on('request', options.onRequest);
  server.on('clientError', options.onBrokenRequest);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    server,
    listen: (target) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(target, () => {
          server.off('error', reject);
          resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        // An error says that it does not listen (any more).
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serverOf(options: HttpServerOptions): Server {
  const http: ServerOptions = {
    headersTimeout: options.headMs,
    requestTimeout: options.requestMs,
    connectionsCheckingInterval: options.checkEveryMs,
    maxHeaderSize: options.headBytes,
    keepAlive: true,
    keepAliveTimeout: options.keepAliveMs,
  };
  if (options.tls === undefined) return createServer(http);
  return createTlsServer({ ...http, ...options.tls, handshakeTimeout: options.headMs, minVersion: 'TLSv1.2' });
}
