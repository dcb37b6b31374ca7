import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { factsOf } from '../../installer/update/journal-entry.ts';
import { OUTBOX_LIMIT } from '../../launcher/mail/outbox.ts';
import { freePort } from '../kit/free-port.ts';
import { until } from '../kit/until.ts';
import { treeDigest } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import type { OmSite } from './kit/om-site.ts';
import { changeConfiguration, demandValue, newestJournal, openScene, type Scene, serverUp, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';
import { openStaticServer, type StaticServer } from './kit/static-server.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const NEXT = '2026.3.0';

/** The server writes all the time, so that a broken pipe would end it within a moment. */
const FLOODING = { startMs: 0, quitMs: 20, dialogMs: 50, floodsLogMegabytes: 1 };
const QUICK_STOP = { orderSeconds: 2, requestSeconds: 2, proveSeconds: 1 };

describe('a launcher and its server', { timeout: 300_000 }, () => {
  it('are right again, whoever dies, holds a file or a port, or takes a number', async () => {
    // Machines side by side: half of the time they wait.
    await Promise.all([
      inTurn(openReady({ behaviour: FLOODING }), [answersOfAnother, writesOn, recycledNumber, lostEnd]),
      inTurn(openDownloading(), [heldFile, zerosInDownload, deadInTheWatch]),
      inTurn(openUnseen(), [unseenUsers, lineBreaks]),
    ]);
  });
});

/** Scenes on one machine, one after the other. */
async function inTurn(opening: Promise<Scene>, acts: readonly ((scene: Scene) => Promise<void>)[]): Promise<void> {
  const scene = await opening;
  for (const act of acts) {
    await act(scene).catch((error: unknown) => {
      throw new Error(act.name, { cause: error });
    });
  }
}

async function openReady(options: Parameters<typeof openScene>[0] = {}): Promise<Scene> {
  const scene = await openScene({ installed: { version: OLD }, ...options });
  await scene.site.release(NEW);
  return scene;
}

/** Another program answers on both ports, word for word as the server would; only the process is another. */
async function answersOfAnother(scene: Scene): Promise<void> {
  const { site, api } = scene;
  const strangers = [await answering(site.serverPort), await answering(site.webPort)];
  await scene.startLauncher();
  await until(
    async () => {
      const status = demandValue(await api.status());
      expect(status.state).not.toBe('up');
      return (
        JSON.stringify(status).includes(`"pid":${process.pid}`) || JSON.stringify(status).includes(`${process.pid}`)
      );
    },
    'status to name the stranger',
    20_000,
  );
  const people = await site.cli(['status']);
  expect(people.output + people.errorOutput).toContain(String(site.serverPort));
  strangers.forEach((close) => close());
  await serverUp(api);
  await checkSite(site, { version: OLD, outcomes: [] });
}

async function answering(port: number): Promise<() => void> {
  const says = { product: 'Business', version: OLD, ready: true, processId: process.pid, nonce: '' };
  const server = createServer((_, response) => response.end(JSON.stringify(says)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  return close;
}

/** Its output is a file and no pipe of the launcher's: it writes on while there is none (SIGPIPE), and is taken over. */
async function writesOn(scene: Scene): Promise<void> {
  const { site } = scene;
  const { servers } = processesOf(site);
  await scene.killLauncher();
  const [file, size] = outputOf(site);
  await until(() => statSync(file).size > size + 300_000, 'the server to write on without a launcher');
  await scene.start();
  expect(processesOf(site)).toEqual({ servers, others: [] });
  await checkSite(site, { version: OLD, outcomes: [] });
}

function outputOf({ stateFolder }: OmSite): readonly [file: string, size: number] {
  const file = join(stateFolder, 'logs/server.log');
  return [file, statSync(file).size];
}

/** The server has died unseen, and its number belongs to another program: that one is neither adopted nor ended. */
async function recycledNumber(scene: Scene): Promise<void> {
  const { site } = scene;
  await scene.killLauncher();
  const [before] = processesOf(site).servers;
  process.kill(before ?? -1, 'SIGKILL');
  await until(() => processesOf(site).servers.length === 0, 'the server to be gone');
  const stranger = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  const file = join(site.stateFolder, 'server-child.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { readonly pid: number };
  expect(record.pid).toBe(before);
  writeFileSync(file, JSON.stringify({ ...record, pid: stranger.pid }));
  await scene.start();
  expect(processesOf(site).servers).toHaveLength(1);
  expect((await site.cli(['update'])).exit).toBe(0);
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
}

/** The journal of an order that is over loses its end, here and there: nothing is done again, and the server is the same. */
async function lostEnd(scene: Scene): Promise<void> {
  const { site } = scene;
  const folder = join(site.stateFolder, 'orders');
  const [name = ''] = readdirSync(folder);
  const whole = readFileSync(join(folder, name));
  const [bundle, { servers }] = [treeDigest(site.bundle), processesOf(site)];
  const commit = whole.indexOf('"commit"');
  for (const length of [whole.length - 1, commit]) {
    await scene.killLauncher();
    for (const other of readdirSync(folder)) if (other !== name) rmSync(join(folder, other));
    writeFileSync(join(folder, name), whole.subarray(0, length));
    await scene.start();
    expect([length, treeDigest(site.bundle), processesOf(site).servers]).toEqual([length, bundle, servers]);
    expect(newestJournal(site).some(({ kind }) => kind === 'undo-began')).toBe(false);
  }
}

/** Its repository is a web server, and its outbox is as full as it may be from the beginning. */
async function openDownloading(): Promise<Scene> {
  web = await openStaticServer();
  onTestFinished(() => web.close());
  const scene = await openReady({
    updates: { repository: web.url },
    server: { stop: QUICK_STOP },
    health: { watchSeconds: 3 },
  });
  const { site } = scene;
  web.folder = site.repository;
  await site.release(NEXT);
  const outbox = join(site.stateFolder, 'outbox');
  mkdirSync(outbox, { recursive: true });
  for (let index = 0; index < OUTBOX_LIMIT; index += 1) {
    const name = index.toString(16).padStart(40, '0');
    writeFileSync(join(outbox, `${name}.json`), JSON.stringify({ ...WAITING, id: `mail-${index}` }));
  }
  return scene;
}

let web: StaticServer;

/** Not due for an hour: the mail server has said “later”. */
const WAITING = {
  schema: 1,
  to: 'partner@example.ch',
  subject: 'an earlier one',
  text: 'text',
  messageId: '<earlier@example.ch>',
  queuedAt: Date.now(),
  attempts: 1,
  state: { kind: 'waiting', nextAt: Date.now() + 3_500_000 },
};

/**
 * A program that is none of the server's has a file of the bundle open: its name is told, the old version serves again, and no
 * mail more is taken by the full outbox, which costs the order nothing.
 */
async function heldFile(scene: Scene): Promise<void> {
  const { site } = scene;
  const launcher = await scene.start();
  const holder = spawn('/usr/bin/tail', ['-f', join(site.bundle, 'Resources/images.bin')], { stdio: 'ignore' });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const end = await site.cli(['update', '--to', NEW]);
  expect({ exit: end.exit, says: end.output + end.errorOutput }).toMatchObject({ exit: 1 });
  expect(end.output + end.errorOutput).toContain(String(holder.pid));
  expect(holder.exitCode).toBeNull();
  await checkSite(site, { version: OLD, outcomes: ['fell-back'], mails: [] });
  expect(launcher.output()).toContain('a mail could not be queued');
  expect(readdirSync(join(site.stateFolder, 'outbox'))).toHaveLength(OUTBOX_LIMIT);
  holder.kill('SIGKILL');
}

/** A power cut in the middle of a download: what was fetched has its length, and zeros for an end. */
async function zerosInDownload(scene: Scene): Promise<void> {
  const { site, api } = scene;
  web.stalled = /\.pack$/u;
  const { id } = demandValue(await api.orderUpdate({ version: NEW }));
  const folder = join(site.officeMaker, '.om-launcher-demo', id);
  const part = (): string =>
    join(folder, (existsSync(folder) ? readdirSync(folder) : []).find((name) => name.endsWith('.pack.part')) ?? '-');
  await until(
    () => existsSync(part()) && statSync(part()).size > 60_000,
    () => `a part on disk: ${told(scene.journal())}`,
    20_000,
  );
  await scene.killLauncher();
  const fetched = readFileSync(part());
  fetched.fill(0, fetched.length - 20_000);
  writeFileSync(part(), fetched);
  web.stalled = undefined;
  const launcher = await scene.start();
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
  expect(launcher.output()).toContain('not the signed content');
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['fell-back', 'updated'], mails: [] });
}

/** Launcher and new server die together while the new one is watched: the next launcher has nothing to restart, and starts. */
async function deadInTheWatch(scene: Scene): Promise<void> {
  const { site, api } = scene;
  const { id } = demandValue(await api.orderUpdate({ version: NEXT }));
  await scene.reached('began', 'health', id);
  await scene.killLauncher();
  for (const pid of processesOf(site).servers) process.kill(pid, 'SIGKILL');
  await until(() => processesOf(site).servers.length === 0, 'no server to be there');
  await scene.start();
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
  await checkSite(site, { version: NEXT, kept: NEW, outcomes: ['fell-back', 'updated', 'updated'], mails: [] });
}

/** No reports, and nobody listens on the port at which users could be counted. */
async function openUnseen(): Promise<Scene> {
  const scene = await openReady({
    behaviour: { startMs: 0, quitMs: 20, dialogMs: 50, uncooperative: true },
    server: { port: await freePort() },
  });
  changeConfiguration(scene.site, ({ server }) => {
    const health = server['health'] as Record<string, unknown>;
    health['probes'] = [{ type: 'http', url: `http://127.0.0.1:${scene.site.webPort}/status` }];
  });
  return scene;
}

/** Whoever may be there has the whole delay. */
async function unseenUsers(scene: Scene): Promise<void> {
  const { site, api } = scene;
  await scene.start();
  const { id } = demandValue(await api.orderUpdate({ delaySeconds: 3 }));
  await scene.reached('began', 'drain', id);
  expect(demandValue(await api.status()).users).toBeUndefined();
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
  expect(factsOf(scene.journal(), 'drain')?.waitedMs, told(scene.journal())).toBeGreaterThan(3_000);
  await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
}

/** What would become a header of a mail is refused where it comes in: at the port, and in the configuration. */
async function lineBreaks({ site, api }: Scene): Promise<void> {
  const notifyEmail = `anna@example.ch${EVIL}`;
  expect(await api.orderUpdate({ notifyEmail })).toMatchObject({ ok: false, fault: { code: 'request-invalid' } });
  const good = readFileSync(site.configFile, 'utf8');
  const { mail, ...others } = JSON.parse(good) as { readonly mail: Readonly<Record<string, unknown>> };
  const evil = { from: `om@example.ch${EVIL}`, to: [`partner@example.ch${EVIL}`] };
  writeFileSync(site.configFile, JSON.stringify({ ...others, name: `demo${EVIL}`, mail: { ...mail, ...evil } }));
  const checked = await site.cli(['config', 'check', '--json']);
  writeFileSync(site.configFile, good);
  expect(checked.exit, checked.output + checked.errorOutput).toBe(2);
  for (const key of ['name', 'mail.from', 'mail.to[0]']) expect(checked.output).toContain(`"${key}"`);
  expect(site.mailbox.mails).toHaveLength(1);
}

const EVIL = '\r\nBcc: thief@example.ch\r\n\r\nspoof';
