import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StatusView } from '../../launcher/api/schemas.ts';
import { canMount, mountTmpfs, unmount } from '../kit/privilege.ts';
import { createRandom } from '../kit/seeded.ts';
import { until } from '../kit/until.ts';
import { differencesFrom } from './kit/bundle-truth.ts';
import type { OmSite } from './kit/om-site.ts';
import { demandValue, openScene, type Scene, serverStatus, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';

const VERSIONS = ['2026.1.0', '2026.2.0'] as const;
/** The same damage each time; another seed draws other damage. */
const SEED = Number(process.env['DAMAGE_SEED'] ?? 571_116);
const random = createRandom(SEED);
process.stderr.write(`damage tests: DAMAGE_SEED=${SEED}\n`);

/** A start beside damage may take this much longer than one without, milliseconds: the machine may be busy. */
const START_SLACK_MS = 15_000;

type Kind = 'cut' | 'empty' | 'bit flipped' | 'doubled' | 'newer' | 'unknown field';
const KINDS: readonly Kind[] = ['cut', 'empty', 'bit flipped', 'doubled', 'newer', 'unknown field'];
/** Each file has as many kinds, drawn by the seed; every kind of every record is tried in the tests of the records. */
const ROUNDS = 3;

describe('whatever is damaged in the state folder', { timeout: 240_000 }, () => {
  it('the server is up in its usual time, status tells what happened, and further orders work', async () => {
    const scene = await openReady();
    const control = await timedStart(scene);
    const first = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) await damageAll(scene, round, control, first);
    expect(first.size, [...first.keys()].join()).toBeGreaterThan(14);
    await withoutServer(scene, control);
  });
});

describe('a full disk below the state folder', { timeout: 120_000 }, () => {
  it.runIf(canMount())('costs orders, not the server; with room again they work', async () => {
    const scene = await openScene({ installed: { version: VERSIONS[0] } });
    const { site } = scene;
    mkdirSync(site.stateFolder);
    expect(mountTmpfs(site.stateFolder, 'size=96m')).toBe(true);
    onTestFinished(() => unmount(site.stateFolder));
    await site.release(VERSIONS[1]);
    await scene.start();
    const { servers } = processesOf(site);
    await scene.killLauncher();
    const hog = join(site.stateFolder, 'logs', 'hog');
    fill(hog);
    await scene.start();
    expect(processesOf(site).servers).toEqual(servers);
    const refused = await site.cli(['update']);
    expect(refused.exit, refused.output + refused.errorOutput).not.toBe(0);
    expect(refused.output + refused.errorOutput).toMatch(/full/i);
    expect(await versionOf(site)).toBe(VERSIONS[0]);
    rmSync(hog);
    const end = await site.cli(['update']);
    expect(end.exit, end.output + end.errorOutput).toBe(0);
    expect(await versionOf(site)).toBe(VERSIONS[1]);
  });
});

async function openReady(): Promise<Scene> {
  const scene = await openScene({ installed: { version: VERSIONS[0] } });
  await scene.site.release(VERSIONS[1]);
  await scene.start();
  await updateTo(scene, VERSIONS[1]);
  return scene;
}

/** Milliseconds from a start beside a running server until it is seen as up. */
async function timedStart(scene: Scene): Promise<number> {
  await scene.killLauncher();
  const began = performance.now();
  await scene.startLauncher();
  await serverServes(scene);
  return performance.now() - began;
}

/** Beside an alarm of an earlier life a server that is up shows as degraded. */
async function serverServes({ api }: Scene): Promise<void> {
  let state = '';
  await until(
    async () => {
      const status = await api.status();
      state = status.ok ? status.value.state : status.fault.code;
      await sleep(30);
      return state === 'up' || state === 'degraded';
    },
    () => `the server to be up; it is ${state}`,
    60_000,
  );
}

/** `first`: the kind with which each file began. */
async function damageAll(scene: Scene, round: number, control: number, first: Map<string, number>): Promise<void> {
  const { site } = scene;
  await putEverythingThere(scene);
  await scene.killLauncher();
  const before = processesOf(site).servers;
  const version = await versionOf(site);
  const files = recordsOf(site);
  const whole = new Map(files.map((file) => [file, readFileSync(file)]));
  const kinds = new Map(files.map((file) => [file, kindFor(nameOf(site, file), round, first)]));
  sparePair(site, kinds);
  const blocked = files.filter((file) => blocks(site, file, kinds.get(file)));
  for (const [file, kind] of kinds) damage(file, kind);
  const what = [...kinds].map(([file, kind]) => `${nameOf(site, file)}: ${kind}`).join(', ');
  expect(await timedStart(scene), what).toBeLessThan(3 * control + START_SLACK_MS);
  expect(processesOf(site), what).toEqual({ servers: before, others: [] });
  expect(differencesFrom(site, site.bundle, version), what).toEqual([]);
  await statusIsHonest(scene, blocked, what);
  await orderWorks(scene, { kinds, whole, refuses: blocked.length > 0, what });
}

/**
 * A journal that was cut reads as an order that is still open; only the record can say that it was final. With both damaged at
 * once the order is gone on with, which starts the server anew: that is told, but it is no adoption.
 */
function sparePair(site: OmSite, kinds: Map<string, Kind>): void {
  const record = kinds.get(join(site.stateFolder, 'installed.json'));
  const journal = newestJournalOf(site);
  const isLost = record !== 'unknown field' && record !== 'newer';
  for (const [file, kind] of kinds) {
    // The record names the newest order only, and an older journal becomes the newest when that one is set aside.
    const isSpoken = file === journal && !isLost;
    if (file.endsWith('.journal') && kind === 'cut' && !isSpoken) kinds.set(file, 'doubled');
  }
}

function kindFor(name: string, round: number, first: Map<string, number>): Kind {
  const start = first.get(name) ?? Math.floor(random() * KINDS.length);
  first.set(name, start);
  return KINDS[(start + round * 2 + (round >> 1)) % KINDS.length] ?? 'cut';
}

/** The server is gone as well: it is started as if nothing were wrong. */
async function withoutServer(scene: Scene, control: number): Promise<void> {
  const { site } = scene;
  await putEverythingThere(scene);
  await scene.killLauncher();
  for (const pid of processesOf(site).servers) process.kill(pid, 'SIGKILL');
  await until(() => processesOf(site).servers.length === 0, 'the server to be gone');
  for (const file of recordsOf(site)) damage(file, 'cut');
  expect(await timedStart(scene)).toBeLessThan(3 * control + START_SLACK_MS + 5_000);
  expect(processesOf(site).servers).toHaveLength(1);
}

/** What a launcher only has now and then. */
async function putEverythingThere({ site }: Scene): Promise<void> {
  const put = (name: string, value: unknown): void => {
    const file = join(site.stateFolder, name);
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  };
  put('server-alarm.json', { schema: 1, since: 1_700_000_000_000 });
  put('update-tokens.json', { schema: 1, tokens: [] });
  put('swap-plan.json', { schema: 1, orderId: 'order-long-gone', next: 'nobody', renames: [] });
  if (!existsSync(join(site.stateFolder, 'tokens.json'))) {
    expect((await site.cli(['token', 'create', 'scripts'])).exit).toBe(0);
  }
}

/** Every file that holds something of the launcher's, but logs and copies of data. */
function recordsOf(site: OmSite): readonly string[] {
  return readdirSync(site.stateFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\/logs\/|\.log$|\.unreadable-\d+$/.test(relative(site.stateFolder, file)))
    .filter((file, _, all) => !file.endsWith('.journal') || isAmongNewest(file, all))
    .sort((one, other) => kindOfFile(site, one).localeCompare(kindOfFile(site, other)) || one.localeCompare(other));
}

function isAmongNewest(file: string, all: readonly string[]): boolean {
  return all
    .filter((each) => each.endsWith('.journal'))
    .sort()
    .slice(-2)
    .includes(file);
}

/** A file's name without what is another in each round. */
function nameOf(site: OmSite, file: string): string {
  if (file.endsWith('.journal')) return `orders/${file === newestJournalOf(site) ? 'newest' : 'older'}.journal`;
  return kindOfFile(site, file);
}

function kindOfFile(site: OmSite, file: string): string {
  return relative(site.stateFolder, file)
    .replace(/[0-9a-f]{40,64}/g, '#')
    .replace(/\d{8}T\d{9}Z-[\w-]+/, '#');
}

function newestJournalOf({ stateFolder }: OmSite): string {
  const folder = join(stateFolder, 'orders');
  const names = readdirSync(folder).filter((name) => name.endsWith('.journal'));
  return join(folder, names.sort().at(-1) ?? '');
}

function damage(file: string, kind: Kind): void {
  const bytes = readFileSync(file);
  writeFileSync(file, damaged(file, bytes, kind));
}

function damaged(file: string, bytes: Buffer, kind: Kind): Buffer | string {
  switch (kind) {
    case 'cut':
      return bytes.subarray(0, Math.floor(random() * bytes.length));
    case 'empty':
      return '';
    case 'bit flipped': {
      const at = Math.floor(random() * bytes.length);
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return flipped;
    }
    case 'doubled':
      return file.endsWith('.journal')
        ? bytes.toString('utf8').replace(/^.*\n/gm, (line) => line + line)
        : Buffer.concat([bytes, bytes]);
    case 'newer':
      return file.endsWith('.journal')
        ? `${bytes.toString('utf8')}${lineOf({ schema: 2, kind: 'pondered', at: 9 })}`
        : withFields(bytes, { schema: 99 });
    case 'unknown field':
      return file.endsWith('.journal')
        ? bytes
            .toString('utf8')
            .replace(/^\S+ (\{.*)\}\n/, (_, json: string) => lineOf(JSON.parse(`${json},"mood":"good"}`)))
        : withFields(bytes, { mood: 'good' });
  }
}

/** A line of a journal as a launcher writes it. */
function lineOf(value: unknown): string {
  const json = JSON.stringify(value);
  return `${createHash('sha256').update(json).digest('hex').slice(0, 16)} ${json}\n`;
}

/** Where it is no JSON, or signed JSON of others, rubbish is appended instead. */
function withFields(bytes: Buffer, fields: object): string | Buffer {
  try {
    return JSON.stringify({ ...(JSON.parse(bytes.toString('utf8')) as object), ...fields });
  } catch {
    return Buffer.concat([bytes, Buffer.from(JSON.stringify(fields))]);
  }
}

async function statusIsHonest({ site, api }: Scene, blocked: readonly string[], what: string): Promise<void> {
  // What is read when it is needed is set aside when it is needed.
  let status: StatusView | undefined;
  let asides: readonly string[] = [];
  await until(
    async () => {
      status = demandValue(await api.status());
      asides = asidesOf(site);
      await sleep(50);
      return asides.slice(-8).every((path) => status?.warnings.some((warning) => warning.includes(path)));
    },
    () => `status to tell of ${asides.join(', ')}; it says ${status?.warnings.join(' | ') ?? ''} (${what})`,
  );
  for (const file of blocked) expect(status?.warnings.join('\n'), what).toContain(file);
  const people = await site.cli(['--status']);
  expect([0, 3], people.output + people.errorOutput).toContain(people.exit);
  for (const path of asides.slice(-8)) expect(people.output.replace(/\s+/g, ' '), what).toContain(path);
}

function asidesOf({ stateFolder }: OmSite): readonly string[] {
  return readdirSync(stateFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.unreadable-\d+$/.test(name))
    .map((name) => join(stateFolder, name))
    .sort((one, other) => statSync(one).ctimeMs - statSync(other).ctimeMs);
}

/** A newer launcher's journal or record refuses orders, and says so. */
function blocks(site: OmSite, file: string, kind: Kind | undefined): boolean {
  return kind === 'newer' && [newestJournalOf(site), join(site.stateFolder, 'installed.json')].includes(file);
}

interface DamagedState {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** The files as they were. */
  readonly whole: ReadonlyMap<string, Buffer>;
  readonly refuses: boolean;
  readonly what: string;
}

async function orderWorks(scene: Scene, { kinds, whole, refuses, what }: DamagedState): Promise<void> {
  const { site } = scene;
  const target = (await versionOf(site)) === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0];
  const floor = [...kinds].find(([file]) => file.endsWith('version-floor.json'))?.[1];
  await noOrderRuns(scene);
  const code = await outcomeOf(scene, target);
  const words = `${code}; ${what}; ${told(scene.journal())}`;
  // A flipped bit in the floor of versions is another whole floor: it may refuse what is lower, and says so.
  if (refuses || floor === 'newer') expect(code, words).toBe('newer-schema');
  else if (floor !== 'bit flipped') expect(code, words).toBe('updated');
  expect(processesOf(site).servers, words).toHaveLength(1);
  await scene.killLauncher();
  for (const path of asidesOf(site)) rmSync(path, { recursive: true });
  const failed = code !== 'updated';
  if (failed) for (const [file, bytes] of whole) if (!file.includes('server-child')) writeFileSync(file, bytes);
  await scene.startLauncher();
  await serverServes(scene);
  if (failed) await updateTo(scene, target);
  expect(await versionOf(site), what).toBe(target);
}

/** What is left of a journal may be an order that is not over: it is brought to an end first. */
async function noOrderRuns({ api }: Scene): Promise<void> {
  await until(
    async () => {
      const state = demandValue(await api.status()).update?.state;
      await sleep(50);
      return state !== 'running' && state !== 'scheduled';
    },
    'the order that a journal was left with to be over',
    60_000,
  );
}

/** How an order for this version ends: its outcome, or the code of what refused it. */
async function outcomeOf({ api, settled }: Scene, version: string): Promise<string> {
  const order = await api.orderUpdate({ version });
  if (!order.ok) return order.fault.code;
  const { state, error } = await settled(order.value.id);
  return error?.code ?? state;
}

async function updateTo(scene: Scene, version: string): Promise<void> {
  const { id } = demandValue(await scene.api.orderUpdate({ version }));
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
}

async function versionOf(site: OmSite): Promise<string> {
  const version = (await serverStatus(site))?.['version'];
  return typeof version === 'string' ? version : '';
}

/** Until not one more byte fits. */
function fill(file: string): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}
