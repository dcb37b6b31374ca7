import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ActsAtOnce } from '../../platform/acts-at-once.ts';
import { openPlatform } from '../../platform/current.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail } from '../../platform/result.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { until } from '../kit/until.ts';
import { valueOf } from './outcomes.ts';
import { isRunning, supervise, type Supervised } from './supervised.ts';

/** Every server that was ready counts as one that had been well. */
const atOnce = (options: ServerOptions): ServerOptions => ({
  ...options,
  restart: { ...options.restart, stableMs: 0, firstDelayMs: 60_000 },
});

/** Whether the system answers at once, or each act takes turns of the event loop. */
const WAYS = ['in one turn', 'in several turns'] as const;

describe.each(WAYS)('%s', (way) => {
  test('a server that had been well starts again with the intent that is on disk, and the same token', async () => {
    const scene = await supervise(['--port', '{port}'], atOnce, platformOf(way));
    const first = valueOf(await scene.control.start());
    const announced = scene.record()['next'];
    const token = tokenIn(scene);
    expect(announced).toMatch(/^[0-9a-f]{32}$/);
    process.kill(first.process.pid, 'SIGKILL');
    await until(() => scene.record()['nonce'] === announced && scene.control.state().kind === 'up');
    expect(tokenIn(scene)).toBe(token);
    expect(scene.link.accepts(token)).toBe(true);
    expect(scene.control.counts()).toEqual({ starts: 2, crashes: 1 });
    // The ready run announces another one.
    await until(() => scene.record()['next'] !== undefined);
    expect(scene.record()['next']).not.toBe(announced);
    const [second] = await scene.platform.processes.findByNonce(String(announced));
    process.kill(second?.pid ?? 0, 'SIGKILL');
    await until(() => scene.control.counts().starts === 3 && scene.control.state().kind === 'up');
  });

  test('what it said last is in the crash bundle, and its output has a name of its own', async () => {
    const scene = await supervise(['--port', '{port}', '--say', 'the last words'], atOnce, platformOf(way));
    const first = valueOf(await scene.control.start());
    await until(() => scene.output().includes('the last words'));
    process.kill(first.process.pid, 'SIGKILL');
    const crashes = join(scene.options.logFolder, 'crashes');
    await until(() => bundlesIn(crashes).length === 1);
    expect(bundlesIn(crashes)[0]).toContain('the last words');
    await until(() => scene.control.state().kind === 'up');
    const earlier = readdirSync(scene.options.logFolder).filter((name) => /^server-\d{8}T/.test(name));
    expect(earlier).toHaveLength(1);
  });

  test('what is left of the run before is ended before the restart', async () => {
    const scene = await supervise(['--port', '{port}', '--grandchild', 'with-nonce'], atOnce, platformOf(way));
    const first = valueOf(await scene.control.start());
    const before = await scene.platform.processes.findByNonce(String(scene.record()['nonce']));
    expect(before.length).toBeGreaterThan(1);
    process.kill(first.process.pid, 'SIGKILL');
    await until(
      () => scene.control.counts().starts === 2 && scene.control.state().kind === 'up',
      'the restart',
      15_000,
    );
    expect(before.filter(({ pid }) => isRunning(pid))).toEqual([]);
  });
});

test('the next server is spawned in the turn in which the one before ended', async () => {
  const { platform, spawned } = observed();
  const scene = await supervise(['--port', '{port}'], atOnce, platform);
  const first = valueOf(await scene.control.start());
  await until(() => scene.record()['next'] !== undefined);
  process.kill(first.process.pid, 'SIGKILL');
  await until(() => scene.control.counts().starts === 2 && scene.control.state().kind === 'up');
  expect(spawned()).toBe(1);
  expect(scene.events.flatMap((event) => (event.kind === 'state' ? [event.state.kind] : [])).slice(-5)).toEqual([
    ...['crashed', 'waiting', 'starting', 'starting', 'up'],
  ]);
});

test.each<[string, (scene: Supervised) => void]>([
  ['whose record was changed on disk', (scene) => writeFileSync(recordOf(scene), JSON.stringify(scene.record()))],
  ['whose record is gone', (scene) => rmSync(recordOf(scene))],
  ['whose token was damaged', (scene) => writeFileSync(tokenFileOf(scene), 'x')],
  ['whose output was half renamed', (scene) => linkSync(outputOf(scene), `${outputOf(scene)}.other`)],
  ['whose output is gone', (scene) => rmSync(outputOf(scene))],
])('a server %s is started by the way that takes its time', async (_, spoil) => {
  const { platform, spawned } = observed();
  const scene = await supervise(['--port', '{port}'], atOnce, platform);
  const first = valueOf(await scene.control.start());
  await until(() => scene.record()['next'] !== undefined);
  spoil(scene);
  process.kill(first.process.pid, 'SIGKILL');
  await until(() => scene.control.counts().starts === 2 && scene.control.state().kind === 'up', 'the restart', 15_000);
  expect(spawned()).toBe(0);
  expect(scene.link.accepts(tokenIn(scene))).toBe(true);
});

test('a program that is refused at once is tried again, and the reason is told', async () => {
  const { platform } = observed(() => fail(faultOf('spawn-failed', 'refused')));
  const scene = await supervise(['--port', '{port}', '--say', 'the last words'], atOnce, platform);
  const first = valueOf(await scene.control.start());
  await until(() => scene.output().includes('the last words'));
  process.kill(first.process.pid, 'SIGKILL');
  await until(() => scene.control.counts().starts === 2 && scene.control.state().kind === 'up');
  // The output had its new name by then: it is read there.
  const crashes = join(scene.options.logFolder, 'crashes');
  await until(() => bundlesIn(crashes).length === 1);
  expect(bundlesIn(crashes)[0]).toContain('the last words');
});

test('a stop that comes with the restart ends the server that lives already', async () => {
  const scene = await supervise(['--port', '{port}'], atOnce);
  const first = valueOf(await scene.control.start());
  await until(() => scene.record()['next'] !== undefined);
  let stopping: Promise<unknown> | undefined;
  scene.control.subscribe((event) => {
    if (event.kind === 'ended' && !event.wanted) stopping = scene.control.stop();
  });
  process.kill(first.process.pid, 'SIGKILL');
  await until(() => stopping !== undefined);
  await stopping;
  await scene.control.detach();
  const left = await scene.platform.processes.findByNonce(String(scene.record()['nonce']));
  expect(left.map(({ pid }) => pid).filter((pid) => isRunning(pid))).toEqual([]);
});

test('the launcher died between such a restart and its record: the next one finds exactly that server', async () => {
  const { scene, started, record, second } = await diedBeforeItsRecord();
  expect(await second.control.adopt()).toEqual(started.process);
  expect(second.record()).toMatchObject({ nonce: record['nonce'], pid: started.process.pid });
  expect(second.link.accepts(tokenIn(scene))).toBe(true);
  expect(valueOf(await second.control.start()).process).toEqual(started.process);
  expect(second.control.counts()).toEqual({ starts: 0, crashes: 0 });
});

test('a start never joins what was begun by an announcement: it is swept away first', async () => {
  const { started, second } = await diedBeforeItsRecord();
  const again = valueOf(await second.control.start());
  expect(again.process).not.toEqual(started.process);
  expect(isRunning(started.process.pid)).toBe(false);
});

/** The disk as it was before the spawn of the server that runs: the run that crashed, and the announcement of this one. */
async function diedBeforeItsRecord() {
  const scene = await supervise(['--port', '{port}'], atOnce);
  const started = valueOf(await scene.control.start());
  await scene.control.detach();
  const record = scene.record();
  const crashed = { ...record, nonce: 'e'.repeat(32), startTime: '1', next: record['nonce'] };
  writeFileSync(join(scene.options.stateFolder, 'server-child.json'), JSON.stringify(crashed));
  return { scene, started, record, second: scene.successor() };
}

function tokenIn(scene: Supervised): string {
  return readFileSync(tokenFileOf(scene), 'utf8');
}

const tokenFileOf = ({ options }: Supervised): string => join(options.stateFolder, 'server-child.token');
const recordOf = ({ options }: Supervised): string => join(options.stateFolder, 'server-child.json');
const outputOf = ({ options }: Supervised): string => join(options.logFolder, 'server.log');

function platformOf(way: (typeof WAYS)[number]): Partial<Platform> {
  const { atOnce: acts } = openPlatform();
  if (acts === undefined || way === 'in one turn') return {};
  return { atOnce: { ...acts, readText: () => fail(faultOf('io-error', 'not at once')) } };
}

/** This machine, and how many servers were spawned at once. */
function observed(instead?: ActsAtOnce['spawnDetached']): {
  readonly platform: Platform;
  readonly spawned: () => number;
} {
  const platform = openPlatform();
  const { atOnce: acts } = platform;
  if (acts === undefined) throw new Error('this system does not answer at once');
  let spawned = 0;
  const spawnDetached: ActsAtOnce['spawnDetached'] = (request) => {
    spawned += 1;
    return (instead ?? acts.spawnDetached)(request);
  };
  return { platform: { ...platform, atOnce: { ...acts, spawnDetached } }, spawned: () => spawned };
}

function bundlesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^crash-.*\.json$/.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
  } catch {
    return [];
  }
}
