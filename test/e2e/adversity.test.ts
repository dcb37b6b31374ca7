import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InstalledRecord } from '../../installer/update/installed.ts';
import { freePort } from '../kit/free-port.ts';
import { canMount, canMountOverlay, mountOverlay, unmount, unmountOverlay } from '../kit/privilege.ts';
import { until } from '../kit/until.ts';
import { differencesFrom, treeDigest } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import { changeConfiguration, demandValue, openScene, type Scene, serverStatus, serverUp, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';
import { openStaticServer } from './kit/static-server.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const BROKEN = '2026.9.0';

/** Scenes on one machine, one after the other; machines side by side, for most of the time they wait. */
interface Act {
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
}

const RELEASES: readonly Act[] = [
  {
    name: 'keeps the release before when the next one falls back',
    async play(scene) {
      await ordered(scene, NEW, 'updated');
      await scene.site.release(BROKEN, { behaviour: { exitsAtOnce: 7 } });
      await ordered(scene, BROKEN, 'fell-back');
      await checkSite(scene.site, { version: NEW, kept: OLD, outcomes: ['updated', 'fell-back'] });
    },
  },
  {
    name: 'that reports a version with line breaks adds no header to the mail',
    async play(scene) {
      const { site } = scene;
      const before = site.mailbox.mails.length;
      const reportsVersion = '2026.9.1\r\nBcc: thief@example.ch\r\n\r\nspoof';
      await site.release('2026.9.1', { behaviour: { reportsVersion } });
      await ordered(scene, '2026.9.1', 'fell-back');
      await until(() => site.mailbox.mails.length > before, 'the mail about it');
      for (const { to, subject } of site.mailbox.mails) {
        expect(to).toBe('partner@example.ch');
        expect(subject).not.toMatch(/[\r\n]/);
      }
      expect((await site.cli(['status'])).output).not.toMatch(/\r/);
    },
  },
  {
    name: 'survives a record that calls it a kept release',
    async play(scene) {
      const { site } = scene;
      await scene.killLauncher();
      const file = join(site.stateFolder, 'installed.json');
      const record = JSON.parse(readFileSync(file, 'utf8')) as InstalledRecord;
      const live = record.live ?? { version: '?', identity: '?', installedAt: 0 };
      const stale = { ...live, path: site.bundle, keptUntil: 1 };
      writeFileSync(file, JSON.stringify({ ...record, kept: [...record.kept, stale] }));
      const launcher = await scene.start();
      await until(() => launcher.output().includes('calls the live release a kept one'), 'the clean-up');
      expect(differencesFrom(site, site.bundle, NEW)).toEqual([]);
      expect(existsSync(`${site.bundle}_old`)).toBe(true);
      expect(processesOf(site).servers).toHaveLength(1);
    },
  },
  {
    name: 'is applied once, however often launcher and server start',
    async play(scene) {
      const { site } = scene;
      const orders = readdirSync(join(site.stateFolder, 'orders')).length;
      const before = treeDigest(site.bundle);
      for (const kill of ['launcher', 'both', 'launcher']) {
        await scene.killLauncher();
        if (kill === 'both') processesOf(site).servers.forEach((pid) => process.kill(pid, 'SIGKILL'));
        await scene.start();
      }
      expect(readdirSync(join(site.stateFolder, 'orders'))).toHaveLength(orders);
      expect(treeDigest(site.bundle)).toEqual(before);
      expect((await serverStatus(site))?.['version']).toBe(NEW);
    },
  },
];

/** A mail server that accepts and says nothing, one that refuses, none. */
const MAIL_SERVERS: readonly { readonly name: string; readonly open: () => Promise<number> }[] = [
  { name: 'hangs', open: async () => listening(() => undefined) },
  { name: 'refuses', open: async () => listening((socket) => socket.end('554 no\r\n')) },
  { name: 'is not there', open: async () => freePort() },
];

const SURROUNDINGS: readonly Act[] = [
  {
    name: 'does not wait for a mail server that hangs, refuses or is not there',
    async play(scene) {
      const { site } = scene;
      for (const { name, open } of MAIL_SERVERS) {
        const port = await open();
        await scene.killLauncher();
        changeConfiguration(site, (configuration) => {
          const { mail } = configuration as unknown as { mail: { smtp: { port: number } } };
          mail.smtp.port = port;
        });
        await scene.start();
        const waiting = mailsWaiting(scene);
        await ordered(scene, (await serverStatus(site))?.['version'] === OLD ? NEW : OLD, 'updated');
        await until(() => mailsWaiting(scene) === waiting + 1, `the mail to wait while the mail server ${name}`);
      }
      expect(site.mailbox.mails).toEqual([]);
    },
  },
  {
    name: 'on a volume that became read-only is refused before anybody is warned',
    async play(scene) {
      const { site } = scene;
      if (!mountsWork) return;
      const version = (await serverStatus(site))?.['version'];
      const { servers } = processesOf(site);
      expect(spawnSync('mount', ['--bind', site.officeMaker, site.officeMaker]).status).toBe(0);
      onTestFinished(() => unmount(site.officeMaker));
      expect(spawnSync('mount', ['-o', 'remount,bind,ro', site.officeMaker]).status).toBe(0);
      const end = await site.cli(['update', '--to', version === OLD ? NEW : OLD]);
      expect(end.exit, end.output + end.errorOutput).toBe(7);
      expect(failure(scene)).toMatchObject({ code: 'read-only' });
      expect(scene.journal().some((entry) => entry.kind === 'began' && entry.step === 'warn')).toBe(false);
      expect(processesOf(site).servers).toEqual(servers);
      unmount(site.officeMaker);
    },
  },
];

const TOO_MANY: readonly Act[] = [
  {
    name: 'is not marked bad by a repository that answers 429, and goes on when it answers again',
    async play(scene) {
      const { id } = demandValue(await scene.api.orderUpdate({}));
      await scene.reached('failed', 'preflight', id);
      expect(failure(scene)).toMatchObject({ code: 'http-status' });
      repository.refusing = undefined;
      expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
      const releases = demandValue(await scene.api.releases());
      expect(releases.filter(({ state }) => state === 'bad')).toEqual([]);
    },
  },
];

const mountsWork = canMount();

describe('a release', { timeout: 150_000 }, () => {
  it('is harmless in whatever it meets', async () => {
    await Promise.all([
      openAnd(RELEASES, {}, [NEW]),
      openAnd(SURROUNDINGS, {}, [NEW]),
      openAnd(TOO_MANY, { updates: { repository: await busyRepository() } }, [NEW]),
    ]);
  });

  it.runIf(canMountOverlay())('in a layer of an image is refused before the swap', async () => {
    const scene = await openScene();
    const { site } = scene;
    await site.release(NEW);
    const [lower, work] = [join(site.folder, 'lower'), join(site.folder, 'work')];
    renameSync(site.officeMaker, lower);
    mkdirSync(work);
    expect(mountOverlay(site.officeMaker, lower, work)).toBe(true);
    onTestFinished(() => unmountOverlay(site.officeMaker, work));
    await scene.start();
    const before = [treeDigest(site.bundle), processesOf(site).servers];
    const end = await site.cli(['update']);
    expect(end.exit, end.output + end.errorOutput).toBe(7);
    expect(end.output + end.errorOutput).toMatch(/layer of an image/);
    expect(failure(scene)).toMatchObject({ code: 'volume-refused', path: site.bundle });
    expect([treeDigest(site.bundle), processesOf(site).servers]).toEqual(before);
    expect(readdirSync(site.officeMaker).filter((name) => name.includes('probe'))).toEqual([]);
  });
});

async function openAnd(acts: readonly Act[], more: Parameters<typeof openScene>[0], releases: readonly string[]) {
  const scene = await openScene({ installed: { version: OLD }, ...more });
  for (const version of releases) await scene.site.release(version);
  if (acts === TOO_MANY) repository.folder = scene.site.repository;
  await scene.start();
  for (const { name, play } of acts) {
    await play(scene).catch((error: unknown) => {
      throw new Error(`a release ${name}`, { cause: error });
    });
  }
}

/** An order by the port, and how it must end. */
async function ordered(scene: Scene, version: string, state: string): Promise<void> {
  const { id } = demandValue(await scene.api.orderUpdate({ version }));
  expect((await scene.settled(id)).state, told(scene.journal())).toBe(state);
  await serverUp(scene.api);
}

function failure(scene: Scene): unknown {
  const failed = scene.journal().findLast((entry) => entry.kind === 'failed');
  return failed?.kind === 'failed' ? failed.fault : undefined;
}

function mailsWaiting({ site }: Scene): number {
  const folder = join(site.stateFolder, 'outbox');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.filter((name) => /"kind": "(waiting|handing-over)"/.test(readFileSync(join(folder, name), 'utf8')))
    .length;
}

async function listening(onConnection: (socket: Socket) => unknown): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

let repository: Awaited<ReturnType<typeof openStaticServer>>;

async function busyRepository(): Promise<string> {
  repository = await openStaticServer();
  onTestFinished(() => repository.close());
  repository.refusing = 429;
  return repository.url;
}
