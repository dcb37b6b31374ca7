import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpClientOptions, HttpRequest, HttpResponse } from '../../../platform/network.ts';
import { createClock } from '../../../platform/node/clock.ts';
import { createNetwork } from '../../../platform/node/network.ts';
import type { Result } from '../../../platform/result.ts';
import { testAuthority, testCertificate } from '../../kit/certificates.ts';
import type { TestCertificate } from '../../kit/certificates.ts';
import { freePort } from '../../kit/free-port.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const network = createNetwork(createClock());

async function listen(server: Server | TcpServer, address: number | string = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    if (typeof address === 'string') server.listen(address, resolve);
    else server.listen(address, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return typeof address === 'string' ? 0 : (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

function get(
  url: string,
  options: HttpClientOptions = {},
  more: Partial<HttpRequest> = {},
): Promise<Result<HttpResponse>> {
  const client = network.httpClient(options);
  onTestFinished(() => client.close());
  return client.request({ url, method: 'GET', headTimeoutMs: 5_000, idleTimeoutMs: 5_000, ...more });
}

/** Text of the body, and the code of the fault at its end. */
async function readAll(response: Result<HttpResponse>): Promise<{ readonly text: string; readonly end: string }> {
  if (!response.ok) return { text: '', end: response.fault.code };
  const pieces: Uint8Array[] = [];
  for await (const piece of response.value.body) {
    if (!piece.ok) return { text: Buffer.concat(pieces).toString(), end: piece.fault.code };
    pieces.push(piece.value);
  }
  return { text: Buffer.concat(pieces).toString(), end: 'complete' };
}

describe('a response', () => {
  test('has status, joined headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(206, { 'X-One': ['a', 'b'], ETag: '"e"' });
      request.pipe(response);
    });
    const response = await get(url, {}, { method: 'POST', body: 'sent', headers: { 'content-type': 'text/plain' } });
    expect(response).toMatchObject({ ok: true, value: { status: 206, headers: { 'x-one': 'a, b', etag: '"e"' } } });
    expect(await readAll(response)).toEqual({ text: 'sent', end: 'complete' });
  });

  test('is not decoded and no redirect is followed', async () => {
    const packed = gzipSync('x'.repeat(1000));
    let asked = 0;
    const url = await serve((request, response) => {
      asked += 1;
      response.writeHead(302, { location: `http://${request.headers.host ?? ''}/next`, 'content-encoding': 'gzip' });
      response.end(packed);
    });
    const response = await get(url);
    expect(response).toMatchObject({ ok: true, value: { status: 302, headers: { 'content-encoding': 'gzip' } } });
    if (response.ok) {
      const pieces: Uint8Array[] = [];
      for await (const piece of response.value.body) if (piece.ok) pieces.push(piece.value);
      expect(Buffer.concat(pieces).equals(packed)).toBe(true);
    }
    expect(asked).toBe(1);
  });

  test('that is discarded frees its connection', async () => {
    let closed = false;
    const url = await serve((request, response) => {
      request.socket.on('close', () => (closed = true));
      response.write('endless');
    });
    const response = await get(url);
    if (response.ok) await response.value.discard();
    await expect.poll(() => closed).toBe(true);
  });
});

describe('a response that fails', () => {
  test.each([
    ['content-length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n'],
  ])('in mid-body (%s) ends with the fault', async (_, answer) => {
    const port = await listen(createTcpServer((socket) => void socket.once('data', () => socket.end(answer))));
    expect(await readAll(await get(`http://127.0.0.1:${port}`))).toEqual({ text: 'begin', end: 'body-truncated' });
  });

  test('by a reset ends with the fault', async () => {
    const url = await serve((request, response) => {
      response.write('begin', () => setImmediate(() => request.socket.resetAndDestroy()));
    });
    expect(await readAll(await get(url))).toEqual({ text: 'begin', end: 'body-truncated' });
  });

  test('by silence after the head', async () => {
    const url = await serve((_, response) => void response.write('begin'));
    expect(await readAll(await get(url, {}, { idleTimeoutMs: 100 }))).toEqual({ text: 'begin', end: 'timed-out' });
  });

  test('by silence before the head', async () => {
    const url = await serve(() => undefined);
    expect(await get(url, {}, { headTimeoutMs: 100 })).toMatchObject({ ok: false, fault: { code: 'timed-out' } });
  });

  test('by an abort before, at the head, and in the body', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/body') response.write('begin');
    });
    const before = AbortSignal.abort();
    expect(await get(url, {}, { signal: before })).toMatchObject({ fault: { code: 'cancelled' } });
    const atHead = new AbortController();
    const waiting = get(url, {}, { signal: atHead.signal });
    setImmediate(() => atHead.abort());
    expect(await waiting).toMatchObject({ fault: { code: 'cancelled' } });
    const inBody = new AbortController();
    const response = await get(`${url}/body`, {}, { signal: inBody.signal });
    setTimeout(() => inBody.abort(), 50);
    expect(await readAll(response)).toEqual({ text: 'begin', end: 'cancelled' });
  });

  test.each([
    ['not a URL', 'request-invalid'],
    ['ftp://127.0.0.1/', 'request-invalid'],
    ['http://name.invalid/', 'name-not-resolved'],
  ])('%s: %s', async (url, code) => {
    expect(await get(url)).toMatchObject({ ok: false, fault: { code } });
  });

  test('because nobody listens, without the secrets of the URL', async () => {
    const response = await get(`http://127.0.0.1:${await freePort()}/path?token=secret`);
    expect(response).toMatchObject({ ok: false, fault: { code: 'connection-refused', operation: 'GET' } });
    expect(JSON.stringify(response)).not.toContain('secret');
  });

  test('because it is not HTTP', async () => {
    const port = await listen(createTcpServer((socket) => void socket.end('SSH-2.0-x\r\n')));
    expect(await get(`http://127.0.0.1:${port}`)).toMatchObject({ ok: false, fault: { code: 'connection-failed' } });
  });
});

describe('TLS', () => {
  async function serveTls(certificate: TestCertificate): Promise<number> {
    return listen(createTlsServer(testCertificate(certificate), (_, response) => void response.end('secure')));
  }

  test.each([
    ['localhost', 'localhost', 'complete'],
    ['localhost', '127.0.0.1', 'complete'],
    ['elsewhere', 'localhost', 'tls-wrong-host'],
    ['expired', 'localhost', 'tls-expired'],
    ['self-signed', 'localhost', 'tls-untrusted'],
  ] as const)('certificate %s for %s with our authority: %s', async (certificate, host, end) => {
    const port = await serveTls(certificate);
    const { end: seen } = await readAll(
      await get(`https://${host}:${port}/`, { certificateAuthorities: testAuthority }),
    );
    expect(seen).toBe(end);
    const tried = await network.tryTls(host, port, 5_000, testAuthority);
    expect(tried.ok ? 'complete' : tried.fault.code).toBe(end);
  });

  test('without our authority nobody is trusted', async () => {
    const port = await serveTls('localhost');
    expect(await get(`https://localhost:${port}/`)).toMatchObject({ fault: { code: 'tls-untrusted' } });
    expect(await network.tryTls('localhost', port, 5_000)).toMatchObject({ fault: { code: 'tls-untrusted' } });
  });

  test('unverified on loopback only', async () => {
    const port = await serveTls('self-signed');
    expect((await readAll(await get(`https://127.0.0.1:${port}/`, { insecureLoopback: true }))).text).toBe('secure');
    expect(await get('https://example.invalid/', { insecureLoopback: true })).toMatchObject({
      fault: { code: 'tls-untrusted' },
    });
  });

  test('with a program that does not speak it', async () => {
    const port = await listen(createTcpServer((socket) => void socket.end('hello\r\n')));
    expect(await network.tryTls('127.0.0.1', port, 5_000)).toMatchObject({ fault: { code: 'connection-failed' } });
    expect(await get(`https://127.0.0.1:${port}/`)).toMatchObject({ fault: { code: 'connection-failed' } });
  });
});

describe('a proxy', () => {
  /** A proxy that wants `authorization`, if given; counts what goes through it. */
  async function proxy(
    authorization?: string,
  ): Promise<{ readonly url: string; readonly passed: () => readonly string[] }> {
    const passed: string[] = [];
    const server = createServer((request, response) => {
      if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization)
        response.writeHead(407).end();
      else {
        passed.push(request.url ?? '');
        response.end('by proxy');
      }
    });
    server.on('connect', (request, socket: Socket) => {
      if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      passed.push(request.url ?? '');
      const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on('error', () => end.destroy());
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, passed: () => passed };
  }

  test('carries plain and secure requests', async () => {
    const port = await listen(
      createTlsServer(testCertificate('localhost'), (_, response) => void response.end('secure')),
    );
    const { url, passed } = await proxy('Basic abc');
    const options = { proxy: { url }, proxyAuthorization: 'Basic abc', certificateAuthorities: testAuthority };
    expect((await readAll(await get(`https://localhost:${port}/`, options))).text).toBe('secure');
    expect((await readAll(await get('http://name.invalid/path', options))).text).toBe('by proxy');
    expect(passed()).toEqual([`localhost:${port}`, 'http://name.invalid/path']);
  });

  test.each(['https://localhost:1/', 'http://localhost:1/'])('that wants a password, for %s', async (target) => {
    const { url } = await proxy('Basic abc');
    expect(await get(target, { proxy: { url } })).toMatchObject({ ok: false, fault: { code: 'proxy-authentication' } });
  });

  test.each(['https://localhost:1/', 'http://localhost:1/'])('that is not there, for %s', async (target) => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await get(target, { proxy: { url } })).toMatchObject({ ok: false, fault: { code: 'proxy-failed' } });
  });

  test('of the environment is obeyed, and so are its exceptions', async () => {
    const direct = await serve((_, response) => void response.end('direct'));
    const { url } = await proxy();
    const before = { ...process.env };
    onTestFinished(() => {
      for (const name of ['http_proxy', 'no_proxy']) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    });
    process.env['http_proxy'] = url;
    process.env['no_proxy'] = 'name.invalid';
    expect((await readAll(await get(direct, { proxy: 'environment' }))).text).toBe('by proxy');
    process.env['no_proxy'] = '127.0.0.1';
    expect((await readAll(await get(direct, { proxy: 'environment' }))).text).toBe('direct');
  });
});

describe('a local socket', () => {
  test('is spoken to, and its absence is told', async () => {
    const path = join(temporaryFolder('socket'), 'api');
    expect(await get('http://launcher/', { socketPath: path })).toMatchObject({
      fault: { code: 'connection-refused' },
    });
    await listen(
      createServer((request, response) => void response.end(request.headers.host)),
      path,
    );
    expect((await readAll(await get('http://launcher/', { socketPath: path }))).text).toBe('launcher');
  });
});

describe('reach', () => {
  test('TCP: open, closed, silent', async () => {
    const port = await listen(createTcpServer());
    expect(await network.tryTcp('127.0.0.1', port, 5_000)).toEqual({ ok: true, value: undefined });
    const closed = await network.tryTcp('127.0.0.1', await freePort(), 5_000);
    expect(closed).toMatchObject({ ok: false, fault: { code: 'connection-refused' } });
    const silent = await network.tryTls('127.0.0.1', port, 100);
    expect(silent).toMatchObject({ ok: false, fault: { code: 'timed-out' } });
  });

  test('names', async () => {
    const found = await network.resolve('localhost');
    expect(found.ok && found.value).toContain('127.0.0.1');
    expect(await network.resolve('name.invalid')).toMatchObject({ ok: false, fault: { code: 'name-not-resolved' } });
  });

  test('listening: free, taken, free again', async () => {
    const port = await freePort();
    expect((await network.tryListen('127.0.0.1', port)).ok).toBe(true);
    await listen(createTcpServer(), port);
    expect(await network.tryListen('127.0.0.1', port)).toMatchObject({ ok: false, fault: { code: 'port-in-use' } });
  });
});
