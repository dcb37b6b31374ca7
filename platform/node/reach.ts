import { lookup } from 'node:dns/promises';
import { connect, createServer, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';
import type { Clock } from '../clock.ts';
import { faultOf } from '../fault.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { isErrno } from './errno.ts';
import { networkFault } from './network-fault.ts';

const RESOLVE_TIMEOUT_MS = 10_000;

/** Addresses of a name by the system's resolver, hosts file included. */
export async function resolveHost(clock: Clock, host: string): Promise<Result<readonly string[]>> {
  const over = new AbortController();
  const looked = lookup(host, { all: true }).then(
    (found) => succeed(found.map((entry) => entry.address)),
    (error: unknown) => fail(networkFault('resolve', host, error)),
  );
  const answer = await Promise.race([looked, clock.sleep(RESOLVE_TIMEOUT_MS, over.signal)]);
  over.abort();
  return typeof answer === 'string'
    ? fail(
        faultOf('name-not-resolved', 'the name server did not answer in time', {
          operation: 'resolve',
          values: { target: host },
        }),
      )
    : answer;
}

/** Opens and closes a TCP connection. */
export function tryTcp(clock: Clock, host: string, port: number, timeoutMs: number): Promise<Result<void>> {
  return tryConnection(clock, connect({ host, port }), 'connect', `${host}:${port}`, 'connect', timeoutMs);
}

/** Shakes hands over TLS with full verification, then leaves. */
export function tryTls(
  clock: Clock,
  host: string,
  port: number,
  timeoutMs: number,
  certificateAuthorities?: string,
): Promise<Result<void>> {
  const socket = connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certificateAuthorities === undefined ? {} : { ca: withDefaultAuthorities(certificateAuthorities) }),
  });
  return tryConnection(clock, socket, 'secureConnect', `${host}:${port}`, 'TLS handshake', timeoutMs);
}

/** Own authorities come beside the built-in ones, never instead. */
export function withDefaultAuthorities(certificateAuthorities: string): string[] {
  return [...getCACertificates('default'), certificateAuthorities];
}

async function tryConnection(
  clock: Clock,
  socket: Socket,
  event: 'connect' | 'secureConnect',
  target: string,
  operation: string,
  timeoutMs: number,
): Promise<Result<void>> {
  const over = new AbortController();
  const connected = new Promise<Result<void>>((resolve) => {
    socket.once(event, () => resolve(succeed()));
    socket.on('error', (error) => resolve(fail(networkFault(operation, target, error))));
    socket.once('close', () =>
      resolve(fail(faultOf('connection-failed', 'closed by the other end', { operation, values: { target } }))),
    );
  });
  const outcome = await Promise.race([connected, clock.sleep(timeoutMs, over.signal)]);
  over.abort();
  socket.destroy();
  if (typeof outcome !== 'string') return outcome;
  return fail(faultOf('timed-out', 'no answer in time', { operation, values: { target, timeoutMs } }));
}

/** Binds the port and lets it go at once. */
export function tryListen(host: string, port: number): Promise<Result<void>> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (isErrno(error)) resolve(fail(networkFault('listen', `${host}:${port}`, error)));
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve(succeed()));
    });
  });
}
