import type { Result } from './result.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the call to the response's head. */
  readonly headTimeoutMs: number;
  /** Silence allowed between two pieces of the body. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal;
  /** Connect to one of these instead of looking the host up: the caller has looked it up and judged it. Not used through a proxy. */
  readonly addresses?: readonly string[];
}

/** A response whose body is still on the wire. Redirects are not followed, Content-Encoding is not decoded. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces as they arrive; a broken connection ends the iteration with a fault as its last element. */
  readonly body: AsyncIterable<Result<Uint8Array>>;
  /** Frees the connection when the body is not read to its end. */
  discard(): Promise<void>;
}

/** How an HTTP client reaches the world. */
export interface HttpClientOptions {
  /** Proxy URL without credentials; `environment` obeys HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  readonly proxy?: { readonly url: string } | 'environment';
  readonly proxyAuthorization?: string;
  /** Additional trusted certificate authorities, PEM. */
  readonly certificateAuthorities?: string;
  /** Accept any certificate: only ever for a probe of our own server on loopback. */
  readonly insecureLoopback?: boolean;
  /** Talk to this Unix socket or Windows named pipe instead of TCP. */
  readonly socketPath?: string;
}

/** Is this host of a URL the machine itself, without asking anybody? Pure. */
export function isLoopbackName(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}

export interface HttpClient {
  request(request: HttpRequest): Promise<Result<HttpResponse>>;
  close(): Promise<void>;
}

/** The network, seen from a client. */
export interface Network {
  httpClient(options: HttpClientOptions): HttpClient;
  /** Addresses of a name. */
  resolve(host: string): Promise<Result<readonly string[]>>;
  /** Opens and closes a TCP connection. */
  tryTcp(host: string, port: number, timeoutMs: number): Promise<Result<void>>;
  /** TLS handshake with verification; three distinct faults for untrusted, expired, wrong host. */
  tryTls(host: string, port: number, timeoutMs: number, certificateAuthorities?: string): Promise<Result<void>>;
  /** Can this port be bound on the host right now? `port-in-use` if not. */
  tryListen(host: string, port: number): Promise<Result<void>>;
}
