import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { lockName } from '../../../platform/node/lock-token.ts';
import { runProgram, runScript } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { locks, files } = openPlatform();
const HOLDER = new URL('../programs/hold-lock.ts', import.meta.url).pathname;

describe('the instance lock', () => {
  test('is held once, given back, and held again', async () => {
    const folder = temporaryFolder('lock');
    const first = await locks.acquire(folder);
    const second = await locks.acquire(folder);
    expect(second).toMatchObject({ ok: false, fault: { code: 'launcher-running', path: folder } });
    if (first.ok) await first.value.release();
    const third = await locks.acquire(folder);
    expect(third.ok).toBe(true);
    if (third.ok) await third.value.release();
  });

  test('of another folder is another lock', async () => {
    const outcomes = [await locks.acquire(temporaryFolder('lock')), await locks.acquire(temporaryFolder('lock'))];
    for (const outcome of outcomes) {
      expect(outcome.ok).toBe(true);
      if (outcome.ok) await outcome.value.release();
    }
  });

  test('dies with its holder, killed without a word', async () => {
    const folder = temporaryFolder('lock');
    const holder = runScript(HOLDER, [folder]);
    await holder.said(/held/);
    expect((await locks.acquire(folder)).ok).toBe(false);
    holder.signal('SIGKILL');
    await holder.ended;
    const mine = await locks.acquire(folder);
    expect(mine.ok).toBe(true);
    if (mine.ok) await mine.value.release();
  });

  test('goes to one of several that start for the first time together', async () => {
    const folder = temporaryFolder('lock');
    const holders = Array.from({ length: 4 }, () => runScript(HOLDER, [folder]));
    const words = await Promise.all(holders.map(async (holder) => (await holder.said(/held|launcher-running/))[0]));
    expect(words.sort()).toEqual(['held', 'launcher-running', 'launcher-running', 'launcher-running']);
    expect(readdirSync(folder)).toEqual(['lock-token']);
    expect(statSync(join(folder, 'lock-token')).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.getuid?.() !== 0)('is not kept from us by a user who takes its name (needs root)', async () => {
    const folder = temporaryFolder('lock');
    const name = await lockName(files, folder);
    if (!name.ok) throw new Error(name.fault.detail);
    const squat = `import os,socket,time
os.setgid(65534); os.setuid(65534)
s=socket.socket(socket.AF_UNIX); s.bind("\\0${name.value}"); s.listen(); print("taken",flush=True); time.sleep(60)`;
    await runProgram('/usr/bin/python3', ['-c', squat]).said(/taken/);
    const mine = await locks.acquire(folder);
    expect(mine.ok).toBe(true);
    expect(await locks.acquire(folder)).toMatchObject({ ok: false, fault: { code: 'launcher-running' } });
    if (mine.ok) await mine.value.release();
  });

  test.each([
    ['emptied', (path: string) => writeFileSync(path, '')],
    ['far too long', (path: string) => writeFileSync(path, 'f'.repeat(10_000))],
    ['a folder', (path: string) => mkdirSync(join(path, 'with something'), { recursive: true })],
  ])('survives a token file that is %s', async (_, damage) => {
    const folder = temporaryFolder('lock');
    damage(join(folder, 'lock-token'));
    const lock = await locks.acquire(folder);
    expect(lock.ok).toBe(true);
    if (lock.ok) await lock.value.release();
  });

  test('tells a missing folder', async () => {
    const folder = temporaryFolder('lock');
    expect(await locks.acquire(join(folder, 'missing'))).toMatchObject({ ok: false, fault: { code: 'not-found' } });
  });
});
