import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeManifest } from '../../../installer/pack/manifest.ts';
import { createStagingProcess, prefixFor } from '../../../installer/staging/staging-process.ts';
import { createStaging } from '../../../installer/staging/staging.ts';
import { STAGING_WORKER } from '../../../installer/staging/staging-worker.ts';
import type { StageWork } from '../../../installer/update/tools.ts';
import { makeTemporaryFolder } from '../../kit/temporary-folder.ts';
import { noise, pack, platform, writeTree } from './scene.ts';

const ONESELF = [process.execPath, resolve(import.meta.dirname, '../../../launcher/main.ts')];
const FILES = Object.fromEntries(
  Array.from({ length: 200 }, (_, index) => [`part/${index}`, noise(`${index}`, 20_000)]),
);

const scene = makeTemporaryFolder('staging-process');
afterAll(() => scene.remove());

let work: StageWork;
beforeAll(async () => {
  const folder = scene.path;
  const packFolder = join(folder, 'order');
  mkdirSync(packFolder);
  const { manifest, packFile } = await pack(writeTree(join(folder, 'source'), FILES), folder);
  renameSync(packFile, join(packFolder, 'full.pack'));
  const manifestFile = join(folder, 'manifest');
  writeFileSync(manifestFile, encodeManifest(manifest));
  const transfer = { kind: 'full', bytes: 1 } as const;
  work = { manifest: manifestFile, folder: join(packFolder, 'bundle'), transfer, packFolder, bundle: folder };
});

const staging = (self: readonly string[] = ONESELF, priority: 'idle' | 'normal' = 'normal') => {
  const machine = { ...platform.machine, self };
  return createStagingProcess({ ...platform, machine }, createStaging(platform), priority);
};
const never = new AbortController().signal;
const left = (): readonly string[] => readdirSync(work.packFolder).filter((name) => name !== 'full.pack');

describe('a release put together in a process of its own', () => {
  it('is the same, told on the way, under its final name; what dead workers left is gone', async () => {
    mkdirSync(`${work.folder}.0123456789ab`);
    const progress: number[] = [];
    expect(await staging().stage(work, (done) => progress.push(done), never)).toMatchObject({ ok: true });
    expect(left()).toEqual(['bundle']);
    expect(progress.at(-1)).toBe(200 * 20_000);
    for (const [path, content] of Object.entries(FILES))
      expect(readFileSync(join(work.folder, path)).equals(content)).toBe(true);
    await platform.files.removeTree(work.folder);
  });

  it('says what is wrong as if it were done here', async () => {
    const wrong = { ...work, packFolder: work.bundle };
    expect(await staging().stage(wrong, () => undefined, never)).toMatchObject({ fault: { code: 'not-found' } });
    expect(left()).toEqual([]);
  });

  it('is called off at any time and leaves nothing', async () => {
    const calledOff = new AbortController();
    const staged = await staging().stage(work, () => calledOff.abort(), calledOff.signal);
    expect(staged).toMatchObject({ fault: { code: 'cancelled' } });
    expect(left()).toEqual([]);
  });

  it.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL")'],
    ['ends without a word', 'process.exit(3)'],
    ['talks nonsense', 'console.log("{}\\nnonsense"); process.stdin.resume(); setTimeout(() => process.exit(0), 50)'],
  ])('by a process that %s is a fault, and leaves nothing', async (_, program) => {
    const self = [process.execPath, '-e', program];
    const staged = await staging(self).stage(work, () => undefined, never);
    expect(staged).toMatchObject({ fault: { code: 'worker-died' } });
    expect(left()).toEqual([]);
  });

  it('ends when whoever ordered it is gone', async () => {
    const [command, ...args] = [...ONESELF, STAGING_WORKER];
    const worker = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const folder = `${work.folder}.abandoned`;
    worker.stdin.write(`${JSON.stringify({ idle: false, work: { ...work, folder } })}\n`);
    await once(worker.stdout, 'data');
    worker.stdin.end();
    expect(await once(worker, 'exit')).toEqual([1, null]);
    expect(existsSync(folder)).toBe(true);
    await platform.files.removeTree(folder);
  });

  it.runIf(process.platform === 'linux')('runs behind all others where it is told to', async () => {
    const prefix = await prefixFor(platform.files, platform.machine, 'idle');
    const [command, ...args] = [...prefix, 'sh', '-c', 'chrt -p $$; ionice -p $$'];
    const ran = await platform.processes.run({ command, args, timeoutMs: 60_000 });
    expect(ran).toMatchObject({ ok: true });
    const output = ran.ok ? ran.value.output : '';
    expect(output).toContain('SCHED_IDLE');
    expect(output).toMatch(/^idle/mu);
  });
});
