import type { LookupFunction } from 'node:net';
import { createSecureContext } from 'node:tls';
import { Agent, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { HttpClientOptions } from '../network.ts';
import { withDefaultAuthorities } from './reach.ts';

/** A connection that has not come about by then will not; the request's own deadline may be shorter. */
const CONNECT_TIMEOUT_MS = 15_000;

/** How undici reaches the world: directly, through a proxy, or through a local socket. Time-outs of requests are ours. */
export function createDispatcher(options: HttpClientOptions, lookup?: LookupFunction): Dispatcher {
  const tls = tlsOptions(options);
  // HTTP/1.1 only: the repository's Range requests and the local port gain nothing from HTTP/2.
  const limits = { allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
  if (options.socketPath !== undefined) {
    return new Agent({ ...limits, connect: { socketPath: options.socketPath, timeout: CONNECT_TIMEOUT_MS } });
  }
  const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
  const direct = lookup === undefined ? connect : { ...connect, lookup };
  const authorization = options.proxyAuthorization === undefined ? {} : { token: options.proxyAuthorization };
  if (options.proxy === 'environment') {
    return new EnvHttpProxyAgent({
      ...limits,
      ...authorization,
      connect: direct,
      requestTls: connect,
      proxyTls: connect,
    });
  }
  if (options.proxy === undefined) return new Agent({ ...limits, connect: direct });
  return new ProxyAgent({
    ...limits,
    ...authorization,
    uri: options.proxy.url,
    requestTls: connect,
    proxyTls: connect,
  });
}

function tlsOptions(options: HttpClientOptions) {
  const { certificateAuthorities, insecureLoopback } = options;
  // Built once: parsing some 150 authorities again for each connection costs tens of milliseconds.
  return {
    ...(certificateAuthorities === undefined
      ? {}
      : { secureContext: createSecureContext({ ca: withDefaultAuthorities(certificateAuthorities) }) }),
    ...(insecureLoopback === true ? { rejectUnauthorized: false } : {}),
  };
}
