import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { faultOf } from '../fault.ts';
import type { Fault } from '../fault.ts';
import {
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  type HttpResponse,
  isLoopbackName,
} from '../network.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { networkFault } from './network-fault.ts';
import { createPinnedNames } from './pinned-lookup.ts';

const PROXY_AUTHENTICATION_REQUIRED = 407;

/** An HTTP/1.1 client over undici's `request`: no redirects, no decoding, no retries; all faults are returned. */
export function createHttpClient(clock: Clock, options: HttpClientOptions): HttpClient {
  const names = createPinnedNames();
  let opened: Promise<Dispatcher> | undefined;
  const open = (): Promise<Dispatcher> => (opened ??= openDispatcher(options, names.lookup));
  return {
    request: (request) => {
      const host = URL.parse(request.url)?.hostname;
      if (host !== undefined && request.addresses !== undefined) names.pin(host, request.addresses);
      return requestOnce(clock, open, options, request);
    },
    close: async () => (await opened)?.destroy(),
  };
}

/** Loaded with the first request: undici takes 11 MB, and a launcher may be idle for months. */
async function openDispatcher(options: HttpClientOptions, lookup: LookupFunction): Promise<Dispatcher> {
  const { createDispatcher } = await import('./http-dispatcher.ts');
  return createDispatcher(options, lookup);
}

async function requestOnce(
  clock: Clock,
  open: () => Promise<Dispatcher>,
  options: HttpClientOptions,
  request: HttpRequest,
): Promise<Result<HttpResponse>> {
  const refused = refuseBeforehand(options, request);
  if (refused !== undefined) return fail(refused);
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  request.signal?.addEventListener('abort', cancel, { once: true });
  const head = await headOrDeadline(clock, await open(), request, stop);
  if (!head.ok) {
    request.signal?.removeEventListener('abort', cancel);
    return fail(asProxyFault(options, request, head.fault));
  }
  const { statusCode, headers, body } = head.value;
  body.once('close', () => request.signal?.removeEventListener('abort', cancel));
  const discard = (): Promise<void> => {
    body.destroy();
    return Promise.resolve();
  };
  if (statusCode === PROXY_AUTHENTICATION_REQUIRED && options.proxy !== undefined) {
    await discard();
    return fail(faultFor('proxy-authentication', 'the proxy wants a name and a password', request));
  }
  return succeed({
    status: statusCode,
    headers: joinHeaders(headers),
    body: pieces(clock, body, request),
    discard,
  });
}

function refuseBeforehand(options: HttpClientOptions, request: HttpRequest): Fault | undefined {
  const off = calledOff(request);
  if (off !== undefined) return off;
  const url = URL.parse(request.url);
  if (url === null || !/^https?:$/.test(url.protocol))
    return faultFor('request-invalid', 'not an http or https URL', request);
  if (options.insecureLoopback === true && !isLoopbackName(url.hostname)) {
    return faultFor('tls-untrusted', 'certificates go unverified on loopback only', request);
  }
  return undefined;
}

/** One deadline for all of resolving, connecting, shaking hands, sending and waiting. */
async function headOrDeadline(
  clock: Clock,
  dispatcher: Dispatcher,
  request: HttpRequest,
  stop: AbortController,
): Promise<Result<Dispatcher.ResponseData>> {
  const { request: send } = await import('undici');
  const over = new AbortController();
  const { url, method, headers = {}, body = null } = request;
  const head = send(url, { dispatcher, method, headers, body, signal: stop.signal }).then(
    (response): Result<Dispatcher.ResponseData> => {
      response.body.on('error', () => undefined); // told by the iteration; an early end must not surface as uncaught
      return succeed(response);
    },
    (error: unknown) => fail(calledOff(request) ?? requestFault(request, error)),
  );
  const outcome = await Promise.race([head, clock.sleep(request.headTimeoutMs, over.signal)]);
  over.abort();
  if (typeof outcome !== 'string') return outcome;
  stop.abort();
  return fail(faultFor('timed-out', `no response within ${request.headTimeoutMs} ms`, request));
}

/** The body as it arrives; silence beyond the limit, an abort, or a broken connection is the last element. */
async function* pieces(
  clock: Clock,
  body: Dispatcher.ResponseData['body'],
  request: HttpRequest,
): AsyncGenerator<Result<Uint8Array>> {
  const iterator: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextPiece(clock, iterator, request);
      if (next === undefined) return;
      yield next;
      if (!next.ok) return;
    }
  } finally {
    body.destroy();
  }
}

async function nextPiece(
  clock: Clock,
  iterator: AsyncIterator<Uint8Array>,
  request: HttpRequest,
): Promise<Result<Uint8Array> | undefined> {
  const over = new AbortController();
  const read = iterator.next().then(
    (piece) => (piece.done === true ? undefined : succeed(piece.value)),
    (error: unknown) => fail(bodyFault(request, error)),
  );
  const outcome = await Promise.race([read, clock.sleep(request.idleTimeoutMs, over.signal)]);
  over.abort();
  if (typeof outcome !== 'string') return outcome;
  return fail(faultFor('timed-out', `nothing more arrived within ${request.idleTimeoutMs} ms`, request));
}

function bodyFault(request: HttpRequest, error: unknown): Fault {
  const off = calledOff(request);
  if (off !== undefined) return off;
  return {
    ...faultFor('body-truncated', 'the connection broke before the body was complete', request),
    cause: requestFault(request, error),
  };
}

function calledOff(request: HttpRequest): Fault | undefined {
  return request.signal?.aborted === true ? faultFor('cancelled', 'the request was called off', request) : undefined;
}

/** HTTP names are case-insensitive; undici gives them in lower case. RFC 9110 section 5.3 joins repeated ones. */
function joinHeaders(headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return joined;
}

/** While a proxy is set, whatever cannot be reached is the proxy; it answers a refused tunnel with its own status. */
function asProxyFault(options: HttpClientOptions, request: HttpRequest, fault: Fault): Fault {
  // undici names the proxy's answer in its sentence alone, one for tunnels and one for plain requests.
  const status = /Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(fault.detail)?.[1];
  if (status === String(PROXY_AUTHENTICATION_REQUIRED)) {
    return { ...faultFor('proxy-authentication', 'the proxy wants a name and a password', request), cause: fault };
  }
  if (status !== undefined)
    return { ...faultFor('proxy-failed', `the proxy answered ${status}`, request), cause: fault };
  const unreached = fault.code === 'connection-refused' || fault.code === 'name-not-resolved';
  if (!unreached || typeof options.proxy !== 'object') return fault;
  return { ...faultFor('proxy-failed', 'the proxy cannot be reached', request), cause: fault };
}

function requestFault(request: HttpRequest, error: unknown): Fault {
  return networkFault(request.method, targetOf(request), error);
}

function faultFor(code: Fault['code'], detail: string, request: HttpRequest): Fault {
  return faultOf(code, detail, { operation: request.method, values: { target: targetOf(request) } });
}

/** The URL for people: without credentials and query, which may hold secrets. */
function targetOf(request: HttpRequest): string {
  const url = URL.parse(request.url);
  return url === null ? 'an unreadable URL' : `${url.origin}${url.pathname}`;
}
