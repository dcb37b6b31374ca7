import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectClient } from './om-client/om-client.ts';
import type { Behaviour } from './om-server/behaviour.ts';
import { makeBundle } from './om-server/make-bundle.ts';
import { directoryFile, newData } from './om-server/settings.ts';
import { type FakeLauncher, startFakeLauncher } from './fake-launcher.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { until } from '../kit/until.ts';

const QUICK: Behaviour = { startMs: 0, quitMs: 50, conversionMs: 200, dialogMs: 50 };
const SMALL = { product: 'Business', dataFormat: '2', smallFiles: 10, largeBytes: 40_000 } as const;

let folder: string;
let bundle: string;
let data: string;
let launcher: FakeLauncher | undefined;
const servers: RunningServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'om-server-test-'));
  bundle = path.join(folder, 'OM Business');
  await makeBundle(bundle, { ...SMALL, version: '2026.1.0' });
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.process.kill('SIGKILL');
    await server.ended;
  }
  await launcher?.close();
  launcher = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let runs = 0;
async function start(behaviour: Behaviour = {}, format = '2', dataFile?: string): Promise<RunningServer> {
  data = dataFile ?? path.join(folder, `data-${(runs += 1)}.4DD`);
  if (dataFile === undefined) await writeFile(data, newData(format));
  const tokenFile = path.join(folder, 'token');
  await writeFile(tokenFile, 'token-1\n');
  const link = launcher ? { OM_LAUNCHER_URL: launcher.url, OM_LAUNCHER_TOKEN_FILE: tokenFile } : {};
  const environment = {
    OM_SERVER_BEHAVIOUR: JSON.stringify({ ...QUICK, ...behaviour }),
    OM_LAUNCH_NONCE: 'nonce-1',
    OM_TEST_FOLDER: folder,
  };
  const server = await startServer(bundle, data, { ...environment, ...link });
  servers.push(server);
  return server;
}

async function client(server: RunningServer, user = 'anna', password = user) {
  const connected = await connectClient({ host: '127.0.0.1', port: server.port, user, password, language: 'fr' });
  await connected.login();
  return connected;
}

describe('the bundle', () => {
  it('is laid out as 4D lays out a server, with whole key pairs', async () => {
    const database = path.join(bundle, 'Server Database');
    expect(await readdir(database)).toEqual(
      ['OM Business.4DIndy', 'OM Business.4DZ', 'Settings', 'WebFolder', 'cert.pem', 'dhparams.pem', 'key.pem'].sort(),
    );
    expect(await readdir(path.join(database, 'Settings'))).toEqual(
      ['Backup.4DSettings', 'directory.json', 'settings.4DSettings'].sort(),
    );
    for (const place of [database, path.join(bundle, 'Resources')]) {
      const certificate = new X509Certificate(await readFile(path.join(place, 'cert.pem')));
      expect(certificate.checkPrivateKey(createPrivateKey(await readFile(path.join(place, 'key.pem'))))).toBe(true);
      expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now());
      expect((await stat(path.join(place, 'key.pem'))).mode & 0o777).toBe(0o600);
    }
    expect(existsSync(path.join(bundle, 'Upgrade4DClient', 'Windows', 'update.zip'))).toBe(true);
  });

  it('is the same for the same options, and takes names, settings and files', async () => {
    const [again, other] = [path.join(folder, 'again'), path.join(folder, 'other')];
    await makeBundle(again, { ...SMALL, version: '2026.1.0' });
    await makeBundle(other, {
      ...SMALL,
      version: '2026.2.0',
      structureName: 'OM Business 2',
      settings: { 'directory.json': directoryFile([{ name: 'carla', password: 'c', administrator: false }]) },
      extraFiles: { 'Server Database/WebFolder/index.html': 'ours' },
    });
    const program = 'om-server.mjs';
    expect(await readFile(path.join(again, program))).toEqual(await readFile(path.join(bundle, program)));
    expect(existsSync(path.join(other, 'Server Database', 'OM Business 2.4DZ'))).toBe(true);
    expect(await readFile(path.join(other, 'Server Database/WebFolder/index.html'), 'utf8')).toBe('ours');
    expect(await readFile(path.join(other, 'Server Database/Settings/directory.json'), 'utf8')).toContain('carla');
  });

  it('tells its version and does nothing else', async () => {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [path.join(bundle, 'om-server.mjs'), '--version']);
    expect(stdout).toBe('OM Business Server 2026.1.0\n');
  });
});

describe('the running server', () => {
  it('serves users, keeps what they save, loses what they do not, and quits cleanly on SIGTERM', async () => {
    const server = await start();
    await server.ready();
    const [anna, bruno] = [await client(server), await client(server, 'bruno')];
    await anna.work('new address');
    await anna.save();
    await bruno.work('half a letter');
    expect(await server.status()).toMatchObject({
      sessions: 2,
      records: 2,
      nonce: 'nonce-1',
      structure: 'OM Business',
    });
    await anna.leave();
    server.process.kill('SIGTERM');
    expect(await bruno.closed).toBe('server-quits');
    expect(await server.ended).toBe(0);
    expect(await readFile(data, 'utf8')).toContain('new address');
    expect(await readFile(data, 'utf8')).not.toContain('half a letter');
    expect(existsSync(`${data}.lock`)).toBe(false);
  });

  it('goes on while somebody moves its folder', async () => {
    const server = await start();
    await server.ready();
    await rename(bundle, `${bundle} elsewhere`);
    await expect(server.status()).rejects.toThrow();
    await rename(`${bundle} elsewhere`, bundle);
    expect(await server.status()).toMatchObject({ structure: 'OM Business' });
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  it('refuses wrong passwords and orders from others than administrators', async () => {
    const server = await start();
    await server.ready();
    await expect(client(server, 'anna', 'wrong')).rejects.toThrow('wrong-password');
    const anna = await client(server);
    const wishes = { delaySeconds: 60, email: 'a@example.test', language: 'fr' } as const;
    await expect(anna.orderUpdate(wishes)).rejects.toThrow('administrator-only');
    anna.destroy();
    await until(async () => (await server.status())['sessions'] === 0);
  });

  it('converts older data at its first start and refuses newer data', async () => {
    const converting = await start({}, '1');
    await converting.ready();
    expect(converting.output()).toContain('converting data 50 %');
    expect(JSON.parse(await readFile(data, 'utf8'))).toMatchObject({ format: '2', records: [{ user: 'anna' }] });
    const refusing = await start({}, '10');
    expect(await refusing.ended).toBe(1);
    expect(refusing.output()).toContain('dialog: data file has format 10, newer than 2');
  });

  it('quits by itself when the data file is missing', async () => {
    const server = await start({}, '2', path.join(folder, 'nowhere.4DD'));
    expect(await server.ended).toBe(1);
    expect(server.output()).toContain('dialog: data file not found');
  });

  it('never runs twice on the same data, takes over after a crash, and notes a violation', async () => {
    const first = await start();
    await first.ready();
    const second = await start({}, '2', data);
    expect(await second.ended).toBe(1);
    expect(await readFile(`${data}.violations`, 'utf8')).toContain(`met ${first.process.pid ?? 0}`);
    first.process.kill('SIGKILL');
    await first.ended;
    const third = await start({}, '2', data);
    await third.ready();
    expect((await readFile(`${data}.violations`, 'utf8')).trim().split('\n')).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')(
    'takes over where the number in the lock is another process’s by now',
    async () => {
      const file = path.join(folder, 'recycled.4DD');
      await writeFile(file, newData('2'));
      // This test's own process runs, and started at another time than the lock says.
      await writeFile(`${file}.lock`, `${process.pid} 1`);
      const server = await start({}, '2', file);
      await server.ready();
      expect(existsSync(`${file}.violations`)).toBe(false);
      expect(await readFile(`${file}.lock`, 'utf8')).toMatch(new RegExp(`^${server.process.pid ?? 0} [0-9]+$`));
    },
  );
});

describe('the child protocol', () => {
  it('reports progress, readiness and sessions, and obeys notice, refuse-logins, close-sessions and quit', async () => {
    const port = (launcher = await startFakeLauncher());
    const server = await start({}, '1');
    await until(() => port.states().some(({ ready }) => ready));
    expect(port.states().some(({ progress }) => progress?.startsWith('converting data') ?? false)).toBe(true);
    expect(port.requests.every(({ authorization }) => authorization === 'Child token-1')).toBe(true);

    const anna = await client(server);
    await until(() => port.states().some((state) => JSON.stringify(state).includes('"user":"anna"')));
    port.give({ kind: 'notice', text: { en: 'Save now', fr: 'Enregistrez' }, secondsLeft: 30 });
    await until(() => anna.notices().length === 1);
    expect(anna.notices()[0]).toMatchObject({ text: 'Enregistrez', secondsLeft: 30 });

    port.give({ kind: 'refuse-logins', refused: true });
    await until(async () => (await server.status())['loginsRefused'] === true);
    await expect(client(server, 'bruno')).rejects.toThrow('logins-refused');
    port.give({ kind: 'close-sessions' });
    expect(await anna.closed).toBe('closed-by-administrator');
    port.give({ kind: 'quit', reason: 'update' });
    expect(await server.ended).toBe(0);
  });

  it('gives the Administrator a ticket, with which the client orders and follows', async () => {
    const port = (launcher = await startFakeLauncher());
    const server = await start();
    await server.ready();
    const administrator = await client(server, 'Administrator', 'secret');
    const order = await administrator.orderUpdate({ delaySeconds: 60, email: 'a@example.test', language: 'fr' });
    expect((await order.follow(5_000)).state).toBe('updated');
    expect(await order.notices('n0')).toMatchObject([{ text: 'Save' }]);
    const seen = port.requests.filter(({ target }) => !target.startsWith('/v1/child'));
    expect(seen.map(({ method, target, authorization, body }) => ({ method, target, authorization, body }))).toEqual([
      {
        method: 'POST',
        target: '/v1/tickets',
        authorization: 'Child token-1',
        body: { user: 'Administrator', language: 'fr', email: 'a@example.test' },
      },
      {
        method: 'POST',
        target: '/v1/updates',
        authorization: 'Ticket ticket-1',
        body: { delaySeconds: 60, notifyEmail: 'a@example.test', language: 'fr' },
      },
      { method: 'GET', target: '/v1/updates/update-1?lang=fr', authorization: 'Bearer follow-1', body: undefined },
      { method: 'GET', target: '/v1/notices?lang=fr&since=n0', authorization: 'Bearer follow-1', body: undefined },
    ]);
    await administrator.backup(60_000);
    await until(() => port.states().some((state) => JSON.stringify(state).includes('"backupRunning":true')));
  });
});

describe('misbehaviour', () => {
  it.each([
    { name: 'exits at once', behaviour: { exitsAtOnce: 7 }, end: 7 },
    { name: 'dies after it was ready', behaviour: { diesAfterReadyMs: 50 }, end: 42 },
  ])('$name', async ({ behaviour, end }) => {
    expect(await (await start(behaviour)).ended).toBe(end);
  });

  it('is never ready, or hangs in a conversion', async () => {
    const [never, hanging] = [await start({ neverReady: true }), await start({ hangsOnConversion: true }, '1')];
    await until(() => never.output().includes('waiting for something'));
    await until(() => hanging.output().includes('converting data 50 %'));
    await expect(never.status()).rejects.toThrow();
    await expect(hanging.status()).rejects.toThrow();
  });

  it('ignores the order to quit and SIGTERM', async () => {
    const port = (launcher = await startFakeLauncher());
    const server = await start({ ignoresQuit: true });
    await server.ready();
    port.give({ kind: 'quit', reason: 'update' });
    await until(() => server.output().includes('ignores quit: update'));
    server.process.kill('SIGTERM');
    await until(() => server.output().includes('ignores quit: SIGTERM'));
    expect((await server.status())['ready']).toBe(true);
  });

  it('does not cooperate, and lies about its version', async () => {
    const port = (launcher = await startFakeLauncher());
    const server = await start({ uncooperative: true, reportsVersion: '1.2.3' });
    await server.ready();
    expect((await server.status())['version']).toBe('1.2.3');
    expect(port.requests).toEqual([]);
  });

  it('floods its log', async () => {
    const server = await start({ floodsLogMegabytes: 5 });
    await until(() => server.output().length > 500_000);
  });

  it.runIf(process.platform === 'linux')(
    'leaves grandchildren behind, one with a file of the bundle open',
    async () => {
      const server = await start({ forksGrandchildMs: 60_000, holdsFilesMs: 60_000 });
      await server.ready();
      const before = await grandchildren();
      server.process.kill('SIGTERM');
      await server.ended;
      const left = await grandchildren();
      const held = await promisify(execFile)(
        'readlink',
        left.map((pid) => `/proc/${pid}/fd/0`),
      );
      for (const pid of left) process.kill(Number(pid), 'SIGKILL');
      expect(before).toHaveLength(1);
      expect(left).toHaveLength(2);
      expect(held.stdout).toContain(path.join(bundle, 'Resources', 'release.json'));
    },
  );
});

/** Programs that carry this test's own folder in their environment, other than servers. */
async function grandchildren(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const [commandLine, environment] = [await read('cmdline'), await read('environ')];
      return commandLine.includes('setTimeout') && environment.includes(`OM_TEST_FOLDER=${folder}`) ? [pid] : [];
    }),
  );
  return found.flat();
}
