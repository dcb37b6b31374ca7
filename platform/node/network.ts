import type { Clock } from '../clock.ts';
import type { Network } from '../network.ts';
import { createHttpClient } from './http-client.ts';
import { resolveHost, tryListen, tryTcp, tryTls } from './reach.ts';

/** The network through Node's sockets and undici; all deadlines run on `clock`. */
export function createNetwork(clock: Clock): Network {
  return {
    httpClient: (options) => createHttpClient(clock, options),
    resolve: (host) => resolveHost(clock, host),
    tryTcp: (host, port, timeoutMs) => tryTcp(clock, host, port, timeoutMs),
    tryTls: (host, port, timeoutMs, certificateAuthorities) =>
      tryTls(clock, host, port, timeoutMs, certificateAuthorities),
    tryListen,
  };
}
