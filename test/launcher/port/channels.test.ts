import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApiClient } from '../../../launcher/api/client.ts';
import { findSocket, socketPathOf } from '../../../launcher/api/socket-path.ts';
import { createPort, type PortDependencies, type PortOptions } from '../../../launcher/port/port.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail } from '../../../platform/result.ts';
import { testAuthority, testCertificate } from '../../kit/certificates.ts';
import { freePort } from '../../kit/free-port.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { runProgram } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { ask, fakeApplication, fakeChildLink, openPort } from './port-fixture.ts';

const elevated = process.getuid?.() === 0;

test('the socket and its folder are closed to others', async () => {
  const { stateFolder, socketPath } = await openPort();
  expect(socketPath).toBe(join(stateFolder, 'local', 'admin.sock'));
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  expect(statSync(join(stateFolder, 'local')).mode & 0o777).toBe(0o700);
});

test.runIf(elevated)('an unprivileged account gets EACCES, even where the state folder is open to it', async () => {
  const { stateFolder, socketPath } = await openPort();
  execFileSync('chmod', ['0755', stateFolder]);
  const program = `process.setgid(65534); process.setuid(65534);
    require('net').connect(process.argv[1]).on('error', (error) => console.log(error.code)).on('connect', () => console.log('IN'));`;
  const connectAsNobody = () =>
    execFileSync(process.execPath, ['-e', program, socketPath], { timeout: 10_000 }).toString().trim();
  expect(connectAsNobody()).toBe('EACCES');
  // Nor does the socket's own mode let it in.
  execFileSync('chmod', ['0755', join(stateFolder, 'local')]);
  expect(connectAsNobody()).toBe('EACCES');
});

test('a socket that a killed launcher left is replaced, one that is answered is not', async () => {
  const stateFolder = temporaryFolder('stale');
  mkdirSync(join(stateFolder, 'local'));
  const path = join(stateFolder, 'local', 'admin.sock');
  const program = runProgram(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await program.said(/up/);
  program.signal('SIGKILL');
  await program.ended;
  expect(existsSync(path)).toBe(true);
  const first = await openPort({ stateFolder });
  expect((await ask(first.socketPath, '/healthz')).status).toBe(200);
  expect(await listenAgain({ stateFolder })).toMatchObject({ ok: false, fault: { code: 'launcher-running', path } });
  expect((await ask(first.socketPath, '/healthz')).status).toBe(200);
});

test('a socket whose holder does not answer is somebody, not stale', async () => {
  const stateFolder = temporaryFolder('mute');
  mkdirSync(join(stateFolder, 'local'));
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(join(stateFolder, 'local', 'admin.sock'), resolve));
  onTestFinished(() => void mute.close());
  expect(await listenAgain({ stateFolder })).toMatchObject({ fault: { code: 'launcher-running' } });
});

test('a file or a link in the place of socket or folder is refused', async () => {
  const withFile = temporaryFolder('file');
  mkdirSync(join(withFile, 'local'));
  writeFileSync(join(withFile, 'local', 'admin.sock'), 'precious');
  expect(await listenAgain({ stateFolder: withFile })).toMatchObject({ fault: { code: 'path-refused' } });
  expect(readFileSync(join(withFile, 'local', 'admin.sock'), 'utf8')).toBe('precious');
  const withLink = temporaryFolder('link');
  symlinkSync(temporaryFolder('elsewhere'), join(withLink, 'local'));
  expect(await listenAgain({ stateFolder: withLink })).toMatchObject({ ok: false });
});

test('where the path is too long for a socket, the state folder says where it is', async () => {
  const stateFolder = join(temporaryFolder('long'), 'x'.repeat(120));
  mkdirSync(stateFolder);
  const port = await openPort({ stateFolder });
  const { files, machine } = port.platform;
  expect(Buffer.byteLength(port.socketPath)).toBeLessThanOrEqual(107);
  expect(statSync(join(port.socketPath, '..')).mode & 0o777).toBe(0o700);
  expect(await findSocket(files, machine, stateFolder)).toEqual({ ok: true, value: port.socketPath });
  expect((await ask(port.socketPath, '/healthz')).status).toBe(200);
  await port.port.close();
  expect(await findSocket(files, machine, stateFolder)).toMatchObject({ fault: { code: 'launcher-absent' } });
});

test.each([
  ['linux', '/var/lib/om', 'socket', '/var/lib/om/local/admin.sock'],
  [
    'macos',
    '/Library/Application Support/OM Launcher/om',
    'socket',
    '/Library/Application Support/OM Launcher/om/local/admin.sock',
  ],
  ['linux', `/${'ü'.repeat(50)}`, 'elsewhere', /^\/tmp\/om-launcher-[0-9a-f]{20}\/admin\.sock$/],
  ['windows', 'C:\\ProgramData\\OM Launcher\\om', 'pipe', /^\\\\\.\\pipe\\om-launcher-[0-9a-f]{20}$/],
] as const)('on %s the channel of %s is a %s', (operatingSystem, stateFolder, kind, path) => {
  const place = socketPathOf({ operatingSystem, temporaryFolder: '/tmp', elevated: false }, stateFolder);
  expect(place.kind).toBe(kind);
  expect(place.path).toEqual(typeof path === 'string' ? path : expect.stringMatching(path));
});

test('while the TCP port is taken the local channel works and status warns; it is opened once it is free', async () => {
  const number = await freePort();
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(number, '127.0.0.1', resolve));
  const port = await openPort({ listen: { host: '127.0.0.1', port: number }, limits: { rebindMs: 50 } });
  expect(port.listening).toEqual({ socketPath: port.socketPath });
  const warned = await ask(port.socketPath, '/v1/status');
  expect(warned.body).toMatchObject({ warnings: ['wide rights', 'port-in-use (en)'] });
  await new Promise((resolve) => holder.close(resolve));
  await until(() => port.log.messages().includes('the launcher port listens after all'), 'the port to be opened');
  expect((await ask({ host: '127.0.0.1', port: number }, '/healthz')).status).toBe(200);
  expect((await ask(port.socketPath, '/v1/status')).body).toMatchObject({ warnings: ['wide rights'] });
});

test('beyond loopback nothing is opened without TLS', async () => {
  const stateFolder = temporaryFolder('beyond');
  const refused = await listenAgain({ stateFolder, listen: { host: '0.0.0.0', port: 0 } });
  expect(refused).toMatchObject({
    fault: { code: 'configuration-invalid', detail: expect.stringContaining('port.tls') as unknown },
  });
  expect(existsSync(join(stateFolder, 'local'))).toBe(false);
});

test('with TLS a client that knows the authority is served, and plain HTTP is not', async () => {
  const stateFolder = temporaryFolder('tls');
  const { address } = await openPort({
    stateFolder,
    tls: tlsFiles(stateFolder),
    limits: { headMs: 500, checkEveryMs: 50 },
  });
  const answered = await ask({ ...address, host: '127.0.0.1' }, '/healthz', { tls: { ca: testAuthority } });
  expect(answered.status).toBe(200);
  const origin = `https://127.0.0.1:${address.port}`;
  const headers = { origin, authorization: 'Bearer x' };
  const posted = await ask(address, '/v1/server/stop', {
    method: 'POST',
    headers,
    body: {},
    tls: { ca: testAuthority },
  });
  expect(posted.status).toBe(401);
  await expect(ask(address, '/healthz')).rejects.toThrow();
});

test('a key that does not fit keeps TCP closed and is told, the local channel works', async () => {
  const stateFolder = temporaryFolder('misfit');
  const files = tlsFiles(stateFolder);
  writeFileSync(files.key, 'no key');
  const port = await openPort({ stateFolder, tls: files });
  expect(port.listening.tcp).toBeUndefined();
  expect((await ask(port.socketPath, '/v1/status')).body).toMatchObject({
    warnings: ['wide rights', 'configuration-invalid (en)'],
  });
});

test('the client speaks every call through the local channel', async () => {
  const port = await openPort();
  const httpClient = port.platform.network.httpClient({ socketPath: port.socketPath });
  onTestFinished(() => httpClient.close());
  const client = createApiClient(httpClient, 'http://localhost', undefined, 'de');
  expect(await client.status()).toMatchObject({ value: { state: 'up' } });
  expect(await client.releases()).toMatchObject({ value: [{ version: '13.2' }] });
  expect(await client.check()).toEqual({ ok: true, value: { upToDate: true } });
  expect(await client.history(7)).toEqual({ ok: true, value: [] });
  expect(await client.notices('n1')).toMatchObject({ value: [{ id: 'after-n1' }] });
  expect(await client.orderUpdate({ id: 'order-0001', fromFile: '/srv/om.omu' })).toMatchObject({
    value: { id: 'order-0001' },
  });
  expect(await client.tryUpdate({})).toMatchObject({ value: { ok: false, checks: [{ check: 'space' }] } });
  expect(await client.orderRollback({ data: true })).toMatchObject({ value: { id: 'new-update' } });
  expect(await client.update('order-0001')).toMatchObject({ value: { id: 'order-0001' } });
  expect(await client.update('unknown-1')).toMatchObject({
    fault: { code: 'update-unknown', values: { message: 'update-unknown (de)', remedy: 'ask again', status: 404 } },
  });
  expect(await client.postponeUpdate('order-0001')).toMatchObject({ ok: true });
  expect(await client.continueUpdate('order-0001')).toMatchObject({ ok: true });
  expect(await client.cancelUpdate('order-0001')).toMatchObject({ ok: true });
  expect(await client.serverAct('restart')).toMatchObject({ ok: true });
  expect(port.calls.map(({ act }) => act)).toEqual([
    'status',
    'history',
    'update',
    'try',
    'rollback',
    'postpone',
    'continue',
    'cancel',
    'restart',
  ]);
  expect(port.calls).toContainEqual({ act: 'postpone', about: { id: 'order-0001', seconds: 600 } });
});

test('the client says when no launcher is there, and that an answer is not one', async () => {
  const platform = openPlatform();
  const absent = platform.network.httpClient({ socketPath: join(temporaryFolder('absent'), 'admin.sock') });
  onTestFinished(() => absent.close());
  expect(await createApiClient(absent, 'http://localhost').status()).toMatchObject({
    fault: { code: 'launcher-absent' },
  });
  const stop = new AbortController();
  const following = createApiClient(absent, 'http://localhost').follow({
    clock: platform.clock,
    signal: stop.signal,
    patienceMs: 0,
  });
  const events = [];
  for await (const event of following) events.push(event);
  expect(events).toMatchObject([{ ok: false, fault: { code: 'launcher-absent' } }]);
  const stranger = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello');
  });
  const number = await freePort();
  await new Promise<void>((resolve) => stranger.listen(number, '127.0.0.1', resolve));
  onTestFinished(() => void stranger.close());
  const tcp = platform.network.httpClient({});
  onTestFinished(() => tcp.close());
  expect(await createApiClient(tcp, `http://127.0.0.1:${number}`).status()).toMatchObject({
    fault: { code: 'unexpected' },
  });
});

async function listenAgain(options: Partial<PortOptions>, more: Partial<PortDependencies> = {}) {
  const port = createPort(
    {
      ...openPlatform(),
      application: fakeApplication().application,
      childLink: fakeChildLink().childLink,
      log: createRecordingLog(),
      ...more,
    },
    {
      stateFolder: '/nowhere',
      listen: { host: '127.0.0.1', port: 0 },
      names: [],
      open: [],
      language: 'en',
      version: '0.1.0',
      ...options,
    },
  );
  onTestFinished(() => port.close());
  return await port.listen();
}

function tlsFiles(folder: string): { readonly key: string; readonly cert: string } {
  const { key, cert } = testCertificate('localhost');
  const paths = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  writeFileSync(paths.key, key);
  writeFileSync(paths.cert, cert);
  return paths;
}

test('what the disk refuses to the local channel keeps neither TCP nor, later, the local channel shut', async () => {
  const platform = openPlatform();
  let refusals = 2;
  const makeFolder: typeof platform.files.makeFolder = async (path, mode) => {
    refusals -= 1;
    return refusals < 0
      ? platform.files.makeFolder(path, mode)
      : fail(faultOf('io-error', 'the disk is ill', { path }));
  };
  const stateFolder = temporaryFolder('ill-disk');
  const listening = await listenAgain(
    { stateFolder, limits: { rebindMs: 20 } },
    { files: { ...platform.files, makeFolder } },
  );
  if (!listening.ok) throw new Error(listening.fault.detail);
  expect(listening.value.tcp).toMatchObject({ host: '127.0.0.1' });
  const client = platform.network.httpClient({ socketPath: listening.value.socketPath });
  onTestFinished(() => client.close());
  await until(async () => (await createApiClient(client, 'http://localhost').status()).ok, 'the local channel to open');
  expect(refusals).toBeLessThan(0);
});
