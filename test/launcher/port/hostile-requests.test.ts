import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { negotiate } from '../../../launcher/port/language.ts';
import { until } from '../../kit/until.ts';
import { ask, openPort, type OpenPort, runningFault } from './port-fixture.ts';

test.each([
  ['a loopback name', { host: 'localhost:19820' }, 200],
  ['an address', { host: '192.168.1.4:19820' }, 200],
  ['an IPv6 address', { host: '[::1]:19820' }, 200],
  ['a configured name', { host: 'OM.example.test' }, 200],
  ['a foreign name that resolves to us', { host: 'evil.example:19820' }, 403],
  ['a name that only begins like ours', { host: 'localhost.evil.example' }, 403],
  ['a malformed name', { host: 'a:b:c' }, 403],
])('Host with %s', async (_what, headers, status) => {
  const { address } = await openPort();
  expect((await ask(address, '/healthz', { headers })).status).toBe(status);
});

test('a request without a Host is refused', async () => {
  const { address } = await openPort();
  for (const head of ['GET /healthz HTTP/1.0', 'GET /healthz HTTP/1.1\r\nHost:']) {
    const socket = opened(connect(address));
    const answer = gather(socket);
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    await until(() => socket.destroyed, 'an answer');
    expect(answer()).toMatch(/^HTTP\/1.1 403 /);
  }
});

test.each([
  ['a foreign site', 'https://evil.example'],
  ['an opaque page', 'null'],
  ['the same name on another port', 'http://127.0.0.1:1'],
  ['another scheme', 'https://SAME'],
])('Origin of %s on a state-changing call is refused', async (_what, origin) => {
  const { address, socketPath, calls } = await openPort();
  const headers = { origin: origin.replace('SAME', `127.0.0.1:${address.port}`) };
  for (const target of [address, socketPath]) {
    const posted = await ask(target, '/v1/server/stop', { method: 'POST', headers, body: {} });
    expect(posted.status).toBe(403);
    expect(posted.body).toMatchObject({ code: 'forbidden' });
    expect((await ask(target, '/v1/updates/known-update', { method: 'DELETE', headers })).status).toBe(403);
  }
  expect(calls).toEqual([]);
});

test('the own origin passes, and a reader never gets a permission to read across sites', async () => {
  const { address, socketPath } = await openPort();
  const headers = { host: 'localhost', origin: 'http://localhost' };
  expect((await ask(socketPath, '/v1/server/stop', { method: 'POST', headers, body: {} })).status).toBe(204);
  const read = await ask(address, '/v1/status', { headers: { origin: 'https://evil.example' } });
  expect(read.headers).not.toHaveProperty('access-control-allow-origin');
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  '',
])('a POST of "%s" is 415', async (type) => {
  const { socketPath, calls } = await openPort();
  const headers = { 'content-type': type };
  for (const body of ['{}', undefined]) {
    const sent = await ask(socketPath, '/v1/updates', {
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
    });
    expect(sent.status).toBe(415);
  }
  expect(calls).toEqual([]);
});

test.each([
  ['a URL', { url: 'https://evil.example/om.pack' }, 'url'],
  ['a repository', { repository: 'https://evil.example' }, 'repository'],
  ['a path', { path: '/tmp/evil' }, 'path'],
  ['a command', { command: 'rm -rf /' }, 'command'],
  ['a URL as version', { version: 'https://evil.example/1' }, 'version'],
  ['a path as version', { version: '../../1' }, 'version'],
  ['a line break in the address', { notifyEmail: 'a@b.test\r\nBcc: c@d.test' }, 'notifyEmail'],
  ['a negative delay', { delaySeconds: -1 }, 'delaySeconds'],
  ['no time', { notBefore: '2026-13-45T99:00:00Z' }, 'notBefore'],
  ['an id with a slash', { id: '../../../etc' }, 'id'],
  ['a file over the network', { fromFile: '/tmp/om.omu' }, 'fromFile'],
])('an order with %s is 400 and logged without the value', async (_what, body, field) => {
  const port = await openPort();
  const { createTokens } = await import('../../../launcher/port/tokens.ts');
  const token = await createTokens({ ...port.platform, log: port.log }, port.stateFolder).create('admin', 'admin');
  const headers = { authorization: `Bearer ${token.ok ? token.value : ''}` };
  const refused = await ask(port.address, '/v1/updates', { method: 'POST', headers, body });
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({ code: 'request-invalid', detail: expect.stringContaining(field) as unknown });
  expect(port.calls).toEqual([]);
  const logged = port.log.lines.filter(({ message }) => message === 'request refused by its schema');
  expect(logged).toHaveLength(1);
  expect(logged[0]?.fields).toMatchObject({ caller: 'token admin', route: '/v1/updates' });
  expect(JSON.stringify(logged)).not.toContain(Object.values(body)[0]);
});

test('a release file may be named through the local channel, and still nothing else', async () => {
  const { socketPath, calls } = await openPort();
  const order = (body: object) => ask(socketPath, '/v1/updates', { method: 'POST', body });
  expect((await order({ fromFile: '/srv/om.omu' })).status).toBe(202);
  expect(calls).toContainEqual({ act: 'update', about: { fromFile: '/srv/om.omu' }, caller: { kind: 'local' } });
  expect((await order({ fromFile: '/srv/om.omu', command: 'x' })).status).toBe(400);
});

test('a body that a call does not take is refused', async () => {
  const { socketPath, calls } = await openPort();
  expect((await ask(socketPath, '/v1/server/stop', { method: 'POST', body: { command: 'x' } })).status).toBe(400);
  expect((await ask(socketPath, '/v1/server/stop', { method: 'POST', body: '[]' })).status).toBe(400);
  expect((await ask(socketPath, '/v1/updates', { method: 'POST', body: 'null' })).status).toBe(202);
  expect(
    (await ask(socketPath, '/v1/updates', { method: 'POST', body: '{"__proto__":{"fromFile":"/x"}}' })).status,
  ).toBe(400);
  expect((await ask(socketPath, '/v1/updates', { method: 'POST', body: '{"id":' })).status).toBe(400);
  expect(calls.map(({ act }) => act)).toEqual(['update']);
});

test('unknown addresses, wrong methods and bugs have the same shape, in the asked language, without a stack', async () => {
  const port = await openPort();
  const french = { 'accept-language': 'it;q=0.2, fr-CH, en;q=0.5' };
  const unknown = await ask(port.address, '/v1/nothing', { headers: french });
  expect(unknown).toMatchObject({
    status: 404,
    body: { code: 'route-unknown', message: 'route-unknown (fr)', lang: 'fr' },
  });
  const wrong = await ask(port.address, '/v1/updates/known-update?lang=de', { method: 'PUT' });
  expect(wrong).toMatchObject({ status: 405, headers: { allow: 'GET, DELETE' }, body: { lang: 'de' } });
  expect((await ask(port.address, '/v1/status', { method: 'HEAD' })).status).toBe(405);
  expect((await ask(port.address, '/%E0%A4%A')).status).toBe(400);
  expect((await ask(port.socketPath, '/v1/updates/unknown')).body).toMatchObject({ code: 'update-unknown' });
  port.answers.throws = true;
  const bug = await ask(port.address, '/v1/status');
  expect(bug).toMatchObject({ status: 500, body: { code: 'unexpected' } });
  expect(bug.text).not.toContain('secret stack');
  expect(port.log.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'a request met a bug' }));
});

test('a second order gets 409 and the id of the first', async () => {
  const port = await openPort();
  port.answers.order = runningFault('first-order');
  const second = await ask(port.socketPath, '/v1/updates', { method: 'POST', body: { id: 'second-order' } });
  expect(second).toMatchObject({ status: 409, body: { code: 'update-running', updateId: 'first-order' } });
});

test.each([
  ['de', 'fr', 'de'],
  ['xx', 'fr-CH,fr;q=0.9', 'fr'],
  [undefined, 'nl, it;q=0.4, de;q=0.7', 'de'],
  [undefined, 'fr;q=0', 'en'],
  [undefined, ',,;;q=q=,', 'en'],
  [undefined, undefined, 'en'],
])('?lang=%s with Accept-Language %s gives %s', (asked, header, expected) => {
  expect(negotiate(asked, header, 'en')).toBe(expected);
});

test('a body over 64 KB is 413 or a reset, told or not, and memory stays flat', async () => {
  const port = await openPort();
  const large = JSON.stringify({ version: 'x'.repeat(70_000) });
  expect((await ask(port.socketPath, '/v1/updates', { method: 'POST', body: large })).status).toBe(413);
  const head = 'POST /v1/updates HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const before = process.memoryUsage().rss;
  for (const declared of ['Content-Length: 1073741824', 'Transfer-Encoding: chunked']) {
    const socket = opened(connect(port.socketPath));
    socket.write(`${head}${declared}\r\n\r\n`);
    const answer = gather(socket);
    const sent = await flood(socket, 1024 * 1024 * 1024);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(answer()).toMatch(/^(HTTP\/1.1 413 |$)/);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  expect(port.calls).toEqual([]);
});

test('a slow head is closed with 408 in time, and so is a slow body', async () => {
  const { address, socketPath } = await openPort({ limits: { headMs: 300, requestMs: 600, checkEveryMs: 50 } });
  const slow = [
    [connect(address), '', ''],
    [connect(address), 'GET /healthz HTTP/1.1\r\nX-Slow: ', 'x'],
    [
      connect(socketPath),
      'POST /v1/updates HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      ' ',
    ],
  ] as const;
  for (const [socket, text, more] of slow) {
    const answer = gather(opened(socket));
    socket.write(text);
    const drip = setInterval(() => socket.writable && socket.write(more), 50);
    onTestFinished(() => clearInterval(drip));
    await until(() => socket.destroyed, 'the slow connection to be closed', 5_000);
    clearInterval(drip);
    expect(answer()).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"request-invalid"/);
  }
});

test('a head over 8 KB is 431, what is not HTTP is 400', async () => {
  const { address } = await openPort();
  for (const [text, status] of [
    [`GET / HTTP/1.1\r\nX: ${'y'.repeat(9_000)}\r\n\r\n`, 431],
    ['hello\r\n\r\n', 400],
  ] as const) {
    const socket = opened(connect(address));
    const answer = gather(socket);
    socket.write(text);
    await until(() => socket.destroyed, 'the connection to be closed');
    expect(answer()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"message":`));
  }
});

test('300 connections that dribble their heads leave an honest client answered, and end in time', async () => {
  const { address } = await openPort({ limits: { headMs: 1_500, checkEveryMs: 100 } });
  const slow: Socket[] = [];
  for (let count = 0; count < 300; count += 1) {
    const socket = opened(connect(address));
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    slow.push(socket);
  }
  const drip = setInterval(() => slow.filter((socket) => socket.writable).forEach((socket) => socket.write('x')), 100);
  onTestFinished(() => clearInterval(drip));
  const start = performance.now();
  let answered = 0;
  while (performance.now() - start < 1_000) {
    const asked = performance.now();
    expect((await ask(address, '/healthz')).status).toBe(200);
    expect(performance.now() - asked).toBeLessThan(1_000);
    answered += 1;
  }
  expect(answered).toBeGreaterThan(3);
  await until(() => slow.every((socket) => socket.destroyed), 'all slow connections to be closed', 5_000);
});

test('one address cannot keep more than its share of connections, in use or not', async () => {
  const { address, waiting } = await openPort({ limits: { connectionsPerAddress: 4 } });
  const poll = `GET /v1/child/orders?wait=25 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Child child-token-of-the-test\r\n\r\n`;
  for (let count = 1; count <= 4; count += 1) {
    opened(connect(address)).write(poll);
    await until(() => waiting() === count, `poll ${count}`);
  }
  const fifth = opened(connect(address));
  await until(() => fifth.destroyed, 'the fifth connection to be closed');
  expect((await ask(address, '/healthz', { localAddress: '127.0.0.9' })).status).toBe(200);
});

test('a client that asks and asks on one connection is made to reconnect', async () => {
  const { address } = await openPort({ limits: { requestsPerConnection: 5, keepAliveMs: 100 } });
  const socket = opened(connect(address));
  const answer = gather(socket);
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
  await until(() => socket.destroyed, 'the connection to be closed');
  expect(answer().match(/HTTP\/1.1 200/g)).toHaveLength(5);
});

test('2,000 pieces of random bytes crash nothing and leak nothing', async () => {
  const port = await openPort({ limits: { headMs: 500, checkEveryMs: 50, keepAliveMs: 200 } });
  const lines = fc.constantFrom(
    'GET / HTTP/1.1\r\n',
    'POST /v1/updates HTTP/1.1\r\n',
    'Host: localhost\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Authorization: Ticket x\r\n',
    'Content-Type: application/json\r\n',
    '\r\n',
    '{"id":"',
    '0\r\n\r\n',
  );
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    lines.map((line) => Buffer.from(line)),
  );
  const input = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => Buffer.concat(pieces));
  const samples = fc.sample(input, { numRuns: 2_000, seed: 20_260_105 });
  for (let at = 0; at < samples.length; at += 50) {
    await Promise.all(samples.slice(at, at + 50).map((bytes) => throwAt(port, bytes)));
  }
  expect((await ask(port.address, '/healthz')).status).toBe(200);
  expect(port.calls).toEqual([]);
  expect(port.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

/** Sends the bytes, half-closes, and waits until the port has closed too. */
function throwAt(port: OpenPort, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port.address);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
    socket.end(bytes);
  });
}

function opened(socket: Socket): Socket {
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

function gather(socket: Socket): () => string {
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
  return () => text;
}

/** Writes until `limit` bytes or until the port closes; says how much went out. */
async function flood(socket: Socket, limit: number): Promise<number> {
  const piece = Buffer.alloc(64 * 1024, 0x20);
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
  let sent = 0;
  while (sent < limit && !socket.destroyed) {
    sent += chunk.length;
    if (socket.write(chunk)) continue;
    await Promise.race([
      new Promise((resolve) => socket.once('drain', resolve)),
      new Promise((resolve) => socket.once('close', resolve)),
    ]);
  }
  socket.destroy();
  return sent;
}
