import { expect, test } from 'vitest';
import { readCrashes } from '../../supervisor/crashes/crash-bundle.ts';
import type { HealthOptions, ServerOptions } from '../../supervisor/server-options.ts';
import { until } from '../kit/until.ts';
import { valueOf } from './outcomes.ts';
import { isRunning, supervise, type Supervised } from './supervised.ts';

const ROUNDS = 6;
/** For a busy machine. */
const LONG_MS = 60_000;

function acting(more: Partial<HealthOptions['liveness']> = {}) {
  return (given: ServerOptions): ServerOptions => ({
    ...given,
    health: { ...given.health, liveness: { ...given.health.liveness, failures: ROUNDS, ...more } },
    stop: { ...given.stop, requestMs: 300 },
  });
}

/** Hangs while its listener stays: connections are still accepted by the kernel, so that only a page can tell. */
function byPage(more: Partial<HealthOptions['liveness']> = {}) {
  return (given: ServerOptions): ServerOptions => {
    const [probe] = given.probes;
    const port = probe?.kind === 'tcp' ? probe.port : 0;
    const url = `http://127.0.0.1:${port}/`;
    return { ...acting(more)(given), probes: [{ kind: 'http', url, statuses: [200], timeoutMs: 100 }] };
  };
}

test(
  'a server that lost its port while it lived is restarted through the stop ladder, counted, and leaves a bundle',
  { timeout: 2 * LONG_MS },
  async () => {
    const scene = await supervise(['--port', '{port}', '--deaf-on-signal'], acting());
    const { control, events } = scene;
    const { process: server } = valueOf(await control.start());
    process.kill(server.pid, 'SIGUSR2');
    await until(() => control.counts().starts === 2 && control.state().kind === 'up', 'its restart', LONG_MS);
    expect(isRunning(server.pid)).toBe(false);
    expect(control.counts()).toEqual({ starts: 2, crashes: 1 });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'ended', wanted: true }));
    expect(events.some((event) => event.kind === 'state' && event.state.kind === 'stopping')).toBe(true);
    expect((await lastCrash(scene)).endedBecause).toMatch(/lost its port/);
  },
);

test('a server that hangs idle is restarted', { timeout: 2 * LONG_MS }, async () => {
  const scene = await supervise(['--port', '{port}', '--http', '--hang-on-signal', 'idle'], byPage());
  const { process: server } = valueOf(await scene.control.start());
  process.kill(server.pid, 'SIGUSR2');
  await until(() => scene.control.counts().starts === 2 && scene.control.state().kind === 'up', 'its restart', LONG_MS);
  expect(isRunning(server.pid)).toBe(false);
  expect((await lastCrash(scene)).endedBecause).toMatch(/hung and was idle/);
});

test(
  'a server that hangs at work is never ended: it is degraded and told of once',
  { timeout: 2 * LONG_MS },
  async () => {
    const scene = await supervise(['--port', '{port}', '--http', '--hang-on-signal', 'busy'], byPage());
    await leftAlone(scene, 'at-work');
  },
);

test('one that reports a backup is left alone although it stands still', { timeout: 2 * LONG_MS }, async () => {
  const scene = await supervise(['--port', '{port}', '--http', '--hang-on-signal', 'idle'], byPage());
  scene.events.length = 0;
  await leftAlone(scene, 'backup', () => scene.link.receive({ backupRunning: true }));
});

test('one whose users cannot be seen is left alone', { timeout: 2 * LONG_MS }, async () => {
  const unseen = (given: ServerOptions): ServerOptions => {
    const options = byPage()(given);
    const { failures, restart } = options.health.liveness;
    return { ...options, health: { ...options.health, liveness: { failures, restart } } };
  };
  const scene = await supervise(['--port', '{port}', '--http', '--hang-on-signal', 'idle'], unseen);
  await leftAlone(scene, 'users-unknown');
});

test('nothing is restarted where the configuration says never', { timeout: 2 * LONG_MS }, async () => {
  const never = await supervise(['--port', '{port}', '--deaf-on-signal'], acting({ restart: 'never' }));
  await leftAlone(never, 'switched-off');
});

async function leftAlone(scene: Supervised, why: string, before: () => void = () => undefined): Promise<void> {
  const { control, events } = scene;
  const { process: server } = valueOf(await control.start());
  before();
  process.kill(server.pid, 'SIGUSR2');
  await until(() => events.some(({ kind }) => kind === 'unwell'), 'the alarm', LONG_MS);
  await roundsLater(scene, ROUNDS);
  expect(control.state()).toMatchObject({ kind: 'degraded', process: server, fault: { values: { leftAlone: why } } });
  expect(events.filter(({ kind }) => kind === 'unwell')).toHaveLength(1);
  expect(events.filter(({ kind }) => kind === 'alarm-raised')).toHaveLength(1);
  expect(control.counts()).toEqual({ starts: 1, crashes: 0 });
  expect(isRunning(server.pid)).toBe(true);
}

/** Rounds show in the state, whose fault tells their number. */
async function roundsLater({ control }: Supervised, rounds: number): Promise<void> {
  const shown = () => {
    const state = control.state();
    return state.kind === 'degraded' ? Number(/unwell for (\d+)/.exec(state.fault.detail)?.[1] ?? 0) : 0;
  };
  const first = shown();
  await until(() => shown() >= first + rounds, 'more rounds', LONG_MS);
}

async function lastCrash({ platform, options }: Supervised) {
  let found = await readCrashes(platform.files, options.logFolder, 1);
  await until(async () => (found = await readCrashes(platform.files, options.logFolder, 1)).length > 0);
  const [crash] = found;
  if (!crash) throw new Error('no crash bundle');
  return crash.bundle;
}
