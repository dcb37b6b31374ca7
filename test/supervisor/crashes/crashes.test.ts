import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ProcessIdentity } from '../../../platform/processes.ts';
import { openPlatform } from '../../../platform/current.ts';
import { succeed } from '../../../platform/result.ts';
import { type CrashFacts, type FoundCrash, readCrashes, writeCrash } from '../../../supervisor/crashes/crash-bundle.ts';
import { sampleMemory } from '../../../supervisor/crashes/memory-curve.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';
import { valueOf } from '../outcomes.ts';
import { controlOf, supervise, type Supervised } from '../supervised.ts';

const { files } = openPlatform();

test('a crash leaves a bundle: how, when, its last words without secrets, versions, and what it held in memory', async () => {
  const scene = await supervise(['--port', '{port}', '--say', 'database password=hunter2']);
  const { process: server } = valueOf(await scene.control.start());
  // The first sample of the memory comes after a second.
  await scene.platform.clock.sleep(1_500);
  process.kill(server.pid, 'SIGSEGV');
  const { path, bundle } = await crashOf(scene, 1);
  expect(bundle).toMatchObject({
    exit: { kind: 'signalled', signal: 'SIGSEGV' },
    processId: server.pid,
    restartAttempt: 0,
    count: 1,
    versions: { launcher: '1.0.0', platform: scene.platform.machine.platform, system: scene.platform.machine.system },
  });
  expect(bundle.readyMs).toBeGreaterThan(1_000);
  expect(bundle.watchedMs).toBeGreaterThanOrEqual(bundle.readyMs);
  expect(bundle.output).toContain('database password=[hidden]');
  expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
  expect(bundle.memory[0]).toMatchObject({ processes: 1 });
  expect(bundle.memory[0]?.residentBytes).toBeGreaterThan(10_000_000);
  await until(() => scene.control.state().kind === 'up' && scene.control.counts().starts === 2);
});

test('a server that leaked shows it in the curve of its memory', { timeout: 60_000 }, async () => {
  const { folder, port, options } = await supervise(['--port', '{port}', '--leak-mib', '4']);
  const { processes } = openPlatform();
  let looks = 0;
  const usage = async (tree: readonly ProcessIdentity[]) => {
    const seen = await processes.usage(tree);
    // Counted once whoever asked has noted it.
    setImmediate(() => (looks += 1));
    return seen;
  };
  const counting = { ...processes, usage };
  const scene = controlOf(folder, port, options, false, { processes: counting });
  const { process: server } = valueOf(await scene.control.start());
  // From here on nothing but the curve asks what the tree costs; two looks make a slope.
  const before = looks;
  await until(() => looks >= before + 2, 'looks at the memory', 40_000);
  process.kill(server.pid, 'SIGKILL');
  const { memory } = (await crashOf(scene, 1)).bundle;
  const [first, second] = memory;
  const seconds = (Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')) / 1_000;
  expect(seconds).toBeGreaterThan(1);
  // 40 MiB a second on an idle machine; a small part of it on a crowded one, and nothing where nothing leaks.
  expect(((second?.residentBytes ?? 0) - (first?.residentBytes ?? 0)) / seconds).toBeGreaterThan(1024 * 1024);
});

test('crashes of one kind are counted, also by the next launcher; a stop on order is none', async () => {
  const scene = await supervise(['--port', '{port}', '--exit-after', '20', '--exit-code', '7', '--say', 'no licence']);
  await scene.control.start();
  await crashOf(scene, 2);
  await scene.control.stop();
  await scene.control.detach();
  const known = (await readCrashes(files, scene.options.logFolder, 100)).length;
  const next = scene.successor();
  await next.control.start();
  const { bundle } = await crashOf(next, known + 1);
  expect(bundle.count).toBe(known + 1);
  expect(bundle.exit).toEqual({ kind: 'exited', code: 7 });
  expect(bundle.output).toContain('no licence');
  const all = await readCrashes(files, scene.options.logFolder, 100);
  expect(new Set(all.map((crash) => crash.bundle.fingerprint)).size).toBe(1);
});

test('a server that is stopped on order leaves no bundle', async () => {
  const scene = await supervise(['--port', '{port}']);
  valueOf(await scene.control.start());
  valueOf(await scene.control.stop());
  await scene.control.detach();
  expect(await readCrashes(files, scene.options.logFolder, 1)).toEqual([]);
});

test('a disk that never takes the bundle does not hold the restart up', async () => {
  const scene = await supervise(['--port', '{port}']);
  const { promise: freed, resolve: free } = Promise.withResolvers<undefined>();
  const hanging: Supervised['platform']['files'] = {
    ...scene.platform.files,
    writeDurably: (path, content, mode) =>
      path.includes('crash') ? freed.then(() => succeed()) : scene.platform.files.writeDurably(path, content, mode),
  };
  const { folder, port, options } = scene;
  const { control } = controlOf(folder, port, options, false, { files: hanging });
  onTestFinished(() => free(undefined));
  const { process: server } = valueOf(await control.start());
  process.kill(server.pid, 'SIGKILL');
  await until(() => control.state().kind === 'up' && control.counts().starts === 2);
  expect(await readCrashes(files, options.logFolder, 1)).toEqual([]);
});

test('twenty bundles stay, and a damaged one is passed over', async () => {
  const folder = temporaryFolder('crashes');
  for (let number = 0; number < 25; number += 1) {
    valueOf(await writeCrash(files, folder, factsAt(Date.parse('2026-01-01T00:00:00Z') + number * 1_000)));
  }
  const names = readdirSync(join(folder, 'crashes'));
  expect(names.filter((name) => name.startsWith('crash-'))).toHaveLength(20);
  const newest = names.filter((name) => name.startsWith('crash-')).at(-1) ?? '';
  writeFileSync(join(folder, 'crashes', newest), '{');
  const [first] = await readCrashes(files, folder, 1);
  expect(first?.bundle).toMatchObject({ at: '2026-01-01T00:00:23.000Z', count: 24 });
  writeFileSync(join(folder, 'crashes', 'fingerprints.json'), 'damaged');
  expect(valueOf(await writeCrash(files, folder, factsAt(Date.parse('2026-01-02T00:00:00Z')))).bundle.count).toBe(1);
});

test('the memory is sampled often at first, then every half minute, and the newest hour stays', async () => {
  const pauses: number[] = [];
  const memory: { at: number; residentBytes: number; processes: number }[] = [];
  const { processes } = openPlatform();
  const clock = {
    now: () => pauses.length,
    monotonic: () => pauses.length,
    sleep: (milliseconds: number) => {
      pauses.push(milliseconds);
      return Promise.resolve(pauses.length > 200 ? ('aborted' as const) : ('elapsed' as const));
    },
  };
  const usage = () => Promise.resolve({ processes: 2, cpuMs: 0, residentBytes: 1_000 });
  const tree = () => Promise.resolve([]);
  const run = { process: { pid: 1, startTime: '1', bootId: '1' }, nonce: 'n', memory };
  await sampleMemory({ clock, processes: { ...processes, usage, tree } }, run, new AbortController().signal);
  expect(pauses.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(memory).toHaveLength(128);
  expect(memory.at(-1)).toEqual({ at: 200, residentBytes: 1_000, processes: 2 });
});

/** The newest crash, once there are `count`. */
async function crashOf({ options }: Supervised, count: number): Promise<FoundCrash> {
  return until(async () => {
    const crashes = await readCrashes(files, options.logFolder, 100);
    return crashes.length >= count && crashes[0];
  });
}

function factsAt(at: number): CrashFacts {
  return {
    at: new Date(at).toISOString(),
    exit: { kind: 'exited', code: 1 },
    processId: 1,
    watchedMs: 1,
    readyMs: 0,
    restartAttempt: 0,
    fingerprint: '0123456789ab',
    versions: { launcher: '1.0.0', system: 'Example', platform: 'linux-x64' },
    memory: [],
    output: ['last words'],
  };
}
