import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { distinctProbes, nameOfProbe } from '../../../supervisor/probes/probe-lists.ts';
import { createProbeTally } from '../../../supervisor/probes/probe-tally.ts';
import type { Probe, ServerOptions } from '../../../supervisor/server-options.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { until } from '../../kit/until.ts';
import { valueOf } from '../outcomes.ts';
import { isRunning, serverOptions, supervise, type Supervised } from '../supervised.ts';

const TCP: Probe = { kind: 'tcp', host: '127.0.0.1', port: 1, timeoutMs: 1_000 };
/** For a busy machine. */
const LONG_MS = 60_000;

/** Passes while a file of that name is in the folder. */
function fileProbe(folder: string, name: string): Probe {
  return { kind: 'command', name, command: ['/usr/bin/test', '-e', join(folder, name)], timeoutMs: 30_000 };
}

/** Startup by the port; readiness and liveness by files that the test makes and removes. */
function byFiles(given: ServerOptions): ServerOptions {
  const { health, workingDirectory: folder } = given;
  return {
    ...given,
    health: {
      startup: health.startup,
      readiness: { failures: 2, passes: 2, probes: [fileProbe(folder, 'serves')] },
      liveness: { ...health.liveness, failures: 4, probes: [fileProbe(folder, 'lives')] },
    },
  };
}

function makeFile({ folder }: Supervised, name: string): void {
  writeFileSync(join(folder, name), '');
}

function probeOf({ control }: Supervised, name: string) {
  return control.probes().find((probe) => probe.name === name);
}

test(
  'each list decides its own: started is not ready, not serving is no reason to restart, not living is',
  { timeout: 2 * LONG_MS },
  async () => {
    const scene = await supervise(['--port', '{port}'], byFiles);
    const { control, port } = scene;
    makeFile(scene, 'lives');
    const start = control.start();
    await until(() => (probeOf(scene, 'serves')?.inARow ?? 0) >= 3, 'a few failures of readiness', LONG_MS);
    expect(control.state().kind).toBe('starting');
    expect(probeOf(scene, `tcp 127.0.0.1:${port}`)).toMatchObject({ kinds: ['startup'], passed: true });
    expect(probeOf(scene, 'serves')).toMatchObject({
      kinds: ['readiness'],
      passed: false,
      fault: { code: 'server-unhealthy', detail: 'the health command ended with exit status 1' },
    });
    makeFile(scene, 'serves');
    const { process: server } = valueOf(await start);

    rmSync(join(scene.folder, 'serves'));
    await until(() => control.state().kind === 'degraded', 'its being degraded', LONG_MS);
    await until(() => (probeOf(scene, 'serves')?.inARow ?? 0) >= 8, 'many failures of readiness', LONG_MS);
    expect(probeOf(scene, 'lives')).toMatchObject({ kinds: ['liveness'], passed: true });
    expect(scene.events.filter(({ kind }) => kind === 'unwell')).toEqual([]);
    expect(isRunning(server.pid)).toBe(true);
    makeFile(scene, 'serves');
    await until(() => control.state().kind === 'up', 'its recovery', LONG_MS);

    rmSync(join(scene.folder, 'lives'));
    await until(() => control.counts().starts === 2, 'its restart', LONG_MS);
    expect(isRunning(server.pid)).toBe(false);
    makeFile(scene, 'lives');
    await until(() => control.state().kind === 'up', 'the next run', LONG_MS);
    // Another process, another count.
    expect(probeOf(scene, 'serves')?.since).toBeGreaterThan(startedAt(scene, 2));
    valueOf(await control.stop());
    expect(control.probes()).toEqual([]);
  },
);

function startedAt({ events }: Supervised, run: number): number {
  return events.filter(({ kind }) => kind === 'started')[run - 1]?.at ?? Infinity;
}

test(
  'a liveness that fails while it serves is shown as degraded, and people are told',
  { timeout: LONG_MS },
  async () => {
    const scene = await supervise(['--port', '{port}'], (given) => {
      const options = byFiles(given);
      const liveness = { ...options.health.liveness, restart: 'never' as const };
      return { ...options, health: { ...options.health, liveness } };
    });
    makeFile(scene, 'serves');
    makeFile(scene, 'lives');
    valueOf(await scene.control.start());
    rmSync(join(scene.folder, 'lives'));
    await until(() => scene.events.some(({ kind }) => kind === 'unwell'), 'the alarm', LONG_MS);
    await until(() => scene.control.state().kind === 'degraded', 'its being degraded', LONG_MS);
    expect(probeOf(scene, 'serves')).toMatchObject({ passed: true });
    makeFile(scene, 'lives');
    await until(() => scene.control.state().kind === 'up', 'its recovery', LONG_MS);
  },
);

test('a probe of several lists is asked once, and known by one name', () => {
  const options = serverOptions('/nowhere', 1, []);
  const mixed = {
    probes: [TCP, { kind: 'cooperative' } as const],
    health: { ...options.health, readiness: { ...options.health.readiness, probes: [{ ...TCP }] } },
  };
  expect(distinctProbes(mixed)).toEqual([TCP, { kind: 'cooperative' }]);
  expect(distinctProbes(mixed, ['readiness'])).toEqual([TCP]);
  const tally = createProbeTally(createFakeClock(), mixed);
  tally.note({ ...TCP }, succeed(), 1);
  expect(tally.facts()).toMatchObject([{ kinds: ['startup', 'readiness', 'liveness'], inARow: 1 }]);
});

test('results in a row are counted from the first of them, until another comes', async () => {
  const clock = createFakeClock();
  const tally = createProbeTally(clock, serverOptions('/nowhere', 1, []));
  const began = clock.now();
  const why = faultOf('server-unhealthy', 'it does not answer');
  tally.note(TCP, succeed(), 3);
  await clock.advance(2_000);
  tally.note(TCP, succeed(), 5);
  expect(tally.facts()).toMatchObject([{ passed: true, inARow: 2, since: began, latencyMs: 5 }]);
  tally.note(TCP, fail(why), 7);
  expect(tally.facts()).toMatchObject([{ passed: false, inARow: 1, since: began + 2_000, fault: why }]);
  tally.note(TCP, succeed(), 1);
  expect(tally.facts()[0]).not.toHaveProperty('fault');
  tally.reset();
  expect(tally.facts()).toEqual([]);
});

test.each<[Probe, string]>([
  [TCP, 'tcp 127.0.0.1:1'],
  [{ ...TCP, host: '::1' }, 'tcp [::1]:1'],
  [{ ...TCP, name: 'base port' }, 'base port'],
  [
    { kind: 'http', url: 'https://user:secret@om.example:8443/health?token=secret', statuses: [], timeoutMs: 1 },
    'https://om.example:8443/health',
  ],
  [{ kind: 'cooperative' }, 'report'],
  [{ kind: 'command', command: ['/usr/local/bin/check', '--password', 'x'], timeoutMs: 1 }, 'command check'],
])('%o is called %s', (probe, name) => {
  expect(nameOfProbe(probe)).toBe(name);
});
