import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backUpData, type DataBackup, type DataBackupRequest } from '../../../installer/data/backup.ts';
import { estimateDataBackup } from '../../../installer/data/estimate.ts';
import { createDataSafety } from '../../../installer/data/data-safety.ts';
import { discardReplacedData, restoreData } from '../../../installer/data/restore.ts';
import { discardBackup } from '../../../installer/data/retention.ts';
import { openPlatform } from '../../../platform/current.ts';
import { silentLog } from '../../../platform/log.ts';
import type { Files } from '../../../platform/files.ts';
import { succeed } from '../../../platform/result.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { snapshot } from '../carry-over/bundle-tree.ts';
import { INTERRUPTIONS, interruptFiles, untilKilled } from './interrupted-files.ts';
import { memoryFolder } from './memory-folder.ts';

const { files, clock } = openPlatform();
const MANY_RUNS_MS = 60_000;
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

interface Scene {
  readonly data: string;
  readonly backups: string;
  readonly request: DataBackupRequest;
}

/** A 4D data file with its index, a folder of documents, and nothing backed up yet. */
function scene(place = temporaryFolder('data')): Scene {
  const data = join(place, 'data');
  mkdirSync(join(data, 'documents/letters'), { recursive: true });
  writeFileSync(join(data, 'OM.4DD'), 'data in format 1', { mode: 0o640 });
  writeFileSync(join(data, 'OM.4DIndx'), 'index 1');
  writeFileSync(join(data, 'documents/letters/one.txt'), 'Dear Anna', { mode: 0o400 });
  symlinkSync('letters/one.txt', join(data, 'documents/last'));
  chmodSync(join(data, 'documents/letters'), 0o750);
  const backups = join(place, 'backups');
  const paths = [join(data, 'OM.4DD'), join(data, 'documents')];
  return { data, backups, request: { paths, folder: backups, keep: 2, id: 'update-1', pass: 'final' } };
}

async function backedUp(request: DataBackupRequest, now = clock): Promise<DataBackup> {
  const result = await backUpData({ files, clock: now }, request);
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

/** What the first start of the new version does to the data. */
function convert(data: string): void {
  writeFileSync(join(data, 'OM.4DD'), 'converted to format 2');
  writeFileSync(join(data, 'OM.4DIndx'), 'index 2');
  writeFileSync(join(data, 'OM.Match'), 'made by version 2');
  writeFileSync(join(data, 'documents/new.txt'), 'new');
}

/** A clock on which everything on disk has been at rest for long. */
const laterClock = { ...clock, now: () => clock.now() + 60_000 };

describe('a backup', () => {
  test('holds data, companions, folders, links, modes; and its folder is closed to others', async () => {
    const { backups, request } = scene();
    const backup = await backedUp(request);
    expect(backup).toMatchObject({ id: 'update-1', state: 'final', files: 3, bytes: 32, copiedBytes: 32 });
    expect(statSync(backups).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(backup.folder, 'data/0-OM.4DD'), 'utf8')).toBe('data in format 1');
  });

  test('is estimated with companions', async () => {
    const { request } = scene();
    expect(await estimateDataBackup(files, request.paths)).toEqual({ ok: true, value: 32 });
  });

  test('copies in its final pass only what changed since the provisional one', async () => {
    const { data, request } = scene();
    const first = await backedUp({ ...request, pass: 'provisional' }, laterClock);
    expect(first).toMatchObject({ state: 'provisional', copiedBytes: 32 });
    writeFileSync(join(data, 'OM.4DIndx'), 'index 1b');
    const final = await backedUp(request);
    expect(final).toMatchObject({ state: 'final', bytes: 33, copiedBytes: 8 });
    expect(readFileSync(join(final.folder, 'data/1-OM.4DIndx'), 'utf8')).toBe('index 1b');
  });

  test('notices a change that keeps size and time of the file', async () => {
    const { data, request } = scene();
    utimesSync(join(data, 'OM.4DD'), LONG_AGO, LONG_AGO);
    await backedUp({ ...request, pass: 'provisional' }, laterClock);
    writeFileSync(join(data, 'OM.4DD'), 'DATA IN FORMAT 1');
    utimesSync(join(data, 'OM.4DD'), LONG_AGO, LONG_AGO);
    const final = await backedUp(request);
    expect(readFileSync(join(final.folder, 'data/0-OM.4DD'), 'utf8')).toBe('DATA IN FORMAT 1');
  });

  test('leaves to the final pass what was written a moment ago', async () => {
    const { request } = scene();
    const justNow = { ...clock, now: () => clock.now() - 60_000 };
    expect(await backedUp({ ...request, pass: 'provisional' }, justNow)).toMatchObject({ files: 0, copiedBytes: 0 });
    expect(await backedUp(request)).toMatchObject({ files: 3, copiedBytes: 32 });
  });

  test('once finished is never touched again, not even by the same order', async () => {
    const { data, request } = scene();
    const backup = await backedUp(request);
    const before = snapshot(backup.folder);
    convert(data);
    expect(await backedUp(request)).toMatchObject({ state: 'final', bytes: 32, copiedBytes: 0 });
    expect(snapshot(backup.folder)).toBe(before);
  });

  test.each<[string, (scene: Scene) => DataBackupRequest, string]>([
    [
      'a missing data path',
      ({ data, request }) => ({ ...request, paths: [join(data, 'none.4DD')] }),
      'data-backup-failed',
    ],
    [
      'a link as a data path',
      ({ data, request }) => ({ ...request, paths: [join(data, 'documents/last')] }),
      'data-backup-failed',
    ],
    [
      'a backup folder inside of the data',
      ({ data, request }) => ({ ...request, paths: [data], folder: join(data, 'b') }),
      'data-backup-failed',
    ],
    ['an id that leads elsewhere', ({ request }) => ({ ...request, id: '../x' }), 'request-invalid'],
    ['an aborted order', ({ request }) => ({ ...request, signal: AbortSignal.abort() }), 'cancelled'],
  ])('refuses %s', async (_, change, code) => {
    const result = await backUpData({ files, clock }, change(scene()));
    expect(result).toMatchObject({ ok: false, fault: { code } });
  });

  test('names the path that is missing', async () => {
    const { data, request } = scene();
    const path = join(data, 'none.4DD');
    expect(await backUpData({ files, clock }, { ...request, paths: [path] })).toMatchObject({ fault: { path } });
  });

  test('is refused while something still writes', async () => {
    const { data, request } = scene();
    const writing: Files = {
      ...files,
      copyFile: async (from, to) => {
        const copied = await files.copyFile(from, to);
        if (from.endsWith('one.txt')) writeFileSync(join(data, 'OM.4DIndx'), 'still going');
        return copied;
      },
    };
    expect(await backUpData({ files: writing, clock }, request)).toMatchObject({
      fault: { code: 'data-backup-failed', path: join(data, 'OM.4DIndx') },
    });
  });
});

describe('retention', () => {
  test('keeps the newest, deletes by recorded ids only, and forgets abandoned passes', async () => {
    const { backups, request } = scene();
    const at = (minute: number) => ({ ...clock, now: () => clock.now() + minute * 60_000 });
    await backedUp({ ...request, id: 'abandoned', pass: 'provisional' }, at(0));
    await backedUp({ ...request, id: 'a' }, at(1));
    await backedUp({ ...request, id: 'b' }, at(2));
    mkdirSync(join(backups, 'somebody-elses'));
    await backedUp({ ...request, id: 'c' }, at(3));
    const left = ['abandoned', 'a', 'b', 'c', 'somebody-elses'].filter((id) => existsSync(join(backups, id)));
    expect(left).toEqual(['b', 'c', 'somebody-elses']);
  });

  test('refuses to delete what is not recorded', async () => {
    const { backups, request } = scene();
    await backedUp(request);
    mkdirSync(join(backups, 'somebody-elses'));
    expect(await discardBackup(files, backups, 'somebody-elses')).toMatchObject({ fault: { code: 'not-found' } });
    expect(existsSync(join(backups, 'somebody-elses'))).toBe(true);
    expect(await discardBackup(files, backups, 'update-1')).toEqual({ ok: true, value: undefined });
    expect(existsSync(join(backups, 'update-1'))).toBe(false);
  });

  test('goes on beside a list that cannot be read, which is set aside', async () => {
    const { backups, request } = scene();
    mkdirSync(backups);
    writeFileSync(join(backups, 'backups.json'), 'garbage');
    expect(await backedUp(request)).toMatchObject({ state: 'final' });
    expect((await files.list(backups)).ok).toBe(true);
    const names = await files.list(backups);
    expect(names.ok && names.value.filter((name) => name.includes('.unreadable-'))).toHaveLength(1);
  });
});

describe('a restore', () => {
  test('brings the data back and sets the converted data aside until told', async () => {
    const { data, request } = scene();
    const before = snapshot(data);
    const backup = await backedUp(request);
    convert(data);
    const restored = await restoreData({ files }, { backup, id: 'r1' });
    expect(restored.ok && restored.value.setAside.map((path) => path.slice(data.length + 1)).sort()).toEqual([
      'OM.4DD.before-restore-r1',
      'OM.4DIndx.before-restore-r1',
      'OM.Match.before-restore-r1',
      'documents.before-restore-r1',
    ]);
    expect(readFileSync(join(data, 'OM.4DD.before-restore-r1'), 'utf8')).toBe('converted to format 2');
    const after = snapshot(data);
    expect(await restoreData({ files }, { backup, id: 'r1' })).toEqual(restored);
    expect(snapshot(data)).toBe(after);
    expect(await discardReplacedData({ files }, { backup, id: 'r1' })).toEqual({ ok: true, value: undefined });
    expect(snapshot(data)).toBe(before);
    expect(await discardReplacedData({ files }, { backup, id: 'r1' })).toEqual({ ok: true, value: undefined });
  });

  test('brings back data that has vanished altogether', async () => {
    const { data, request } = scene();
    const before = snapshot(data);
    const backup = await backedUp(request);
    for (const name of ['OM.4DD', 'OM.4DIndx', 'documents']) rmSync(join(data, name), { recursive: true });
    expect(await restoreData({ files }, { backup, id: 'r1' })).toMatchObject({ ok: true, value: { setAside: [] } });
    expect(snapshot(data)).toBe(before);
  });

  test('refuses a damaged backup before anything is touched', async () => {
    const { data, request } = scene();
    const backup = await backedUp(request);
    writeFileSync(join(backup.folder, 'data/1-OM.4DIndx'), 'INDEX 1');
    convert(data);
    const before = snapshot(data);
    expect(await restoreData({ files }, { backup, id: 'r1' })).toMatchObject({
      fault: { code: 'data-restore-failed', path: join(backup.folder, 'data/1-OM.4DIndx') },
    });
    expect(snapshot(data)).toBe(before);
  });

  test('refuses a backup that was never finished', async () => {
    const { request } = scene();
    const backup = await backedUp({ ...request, pass: 'provisional' }, laterClock);
    expect(await restoreData({ files }, { backup, id: 'r1' })).toMatchObject({
      fault: { code: 'data-restore-failed' },
    });
  });

  test('keeps its backup from being pruned while the replaced data lies there', async () => {
    const { backups, data, request } = scene();
    const backup = await backedUp(request);
    convert(data);
    await restoreData({ files }, { backup, id: 'r1' });
    await backedUp({ ...request, id: 'later', keep: 1 }, laterClock);
    expect(existsSync(join(backups, 'update-1'))).toBe(true);
  });
});

describe('interrupted at any change of the disk and repeated', () => {
  test.each(INTERRUPTIONS)(
    'a backup in two passes is whole: %s',
    async (interruption) => {
      const passes = async (request: DataBackupRequest, disk: Files) => {
        const first = await backUpData({ files: disk, clock: laterClock }, { ...request, pass: 'provisional' });
        return first.ok ? backUpData({ files: disk, clock: laterClock }, request) : first;
      };
      const counting = interruptFiles(files, interruption, 0);
      await passes(scene(memoryFolder('data')).request, counting);
      expect(counting.places().length).toBeGreaterThan(3);
      for (const at of counting.places()) {
        const { data, request } = scene(memoryFolder('data'));
        const before = snapshot(data);
        await untilKilled(() => passes(request, interruptFiles(files, interruption, at)));
        const backup = await backedUp(request);
        expect(backup, `${interruption} at ${at}`).toMatchObject({ state: 'final', files: 3, bytes: 32 });
        expect(snapshot(data)).toBe(before);
        convert(data);
        expect((await restoreData({ files }, { backup, id: 'r' })).ok).toBe(true);
        await discardReplacedData({ files }, { backup, id: 'r' });
        expect(snapshot(data), `${interruption} at ${at}`).toBe(before);
      }
    },
    MANY_RUNS_MS,
  );

  test.each(INTERRUPTIONS)(
    'a restore brings everything back and loses nothing: %s',
    async (interruption) => {
      const run = async (at: number): Promise<readonly number[]> => {
        const { data, request } = scene(memoryFolder('data'));
        const before = snapshot(data);
        const backup = await backedUp(request);
        convert(data);
        const disk = interruptFiles(files, interruption, at);
        await untilKilled(() => restoreData({ files: disk }, { backup, id: 'r' }));
        expect((await restoreData({ files }, { backup, id: 'r' })).ok, `${interruption} at ${at}`).toBe(true);
        expect(readFileSync(join(data, 'OM.4DD.before-restore-r'), 'utf8')).toBe('converted to format 2');
        expect(readFileSync(join(data, 'OM.Match.before-restore-r'), 'utf8')).toBe('made by version 2');
        await discardReplacedData({ files }, { backup, id: 'r' });
        expect(snapshot(data), `${interruption} at ${at}`).toBe(before);
        return disk.places();
      };
      const places = await run(0);
      expect(places.length).toBeGreaterThan(3);
      for (const at of places) await run(at);
    },
    MANY_RUNS_MS,
  );

  test.each(INTERRUPTIONS)(
    'a restore that was turned back instead of finished leaves nothing for ever: %s',
    async (interruption) => {
      const run = async (at: number): Promise<readonly number[]> => {
        const { data, backups, request } = scene(memoryFolder('data'));
        await backedUp(request);
        convert(data);
        const converted = snapshot(data);
        const options = { paths: request.paths, folder: backups, keep: 2 };
        const safety = createDataSafety({ files, clock: laterClock, log: silentLog }, options);
        expect((await safety.save('rollback-1')).ok).toBe(true);
        const disk = interruptFiles(files, interruption, at);
        await untilKilled(() =>
          createDataSafety({ files: disk, clock, log: silentLog }, options).restore('update-1', 'rollback-1'),
        );
        expect((await safety.restore('rollback-1', 'rollback-1-back')).ok, `${interruption} at ${at}`).toBe(true);
        for (const turn of ['once', 'again']) {
          expect(await safety.abandonRestore('update-1', 'rollback-1'), `${interruption} at ${at}, ${turn}`).toEqual(
            succeed(),
          );
        }
        expect(readdirSync(data).filter((name) => name.includes('restoring'))).toEqual([]);
        expect(await safety.expire(Number.MAX_SAFE_INTEGER), `${interruption} at ${at}`).toEqual(succeed());
        expect(snapshot(data), `${interruption} at ${at}`).toBe(converted);
        return disk.places();
      };
      const places = await run(0);
      expect(places.length).toBeGreaterThan(3);
      for (const at of places) await run(at);
    },
    MANY_RUNS_MS,
  );

  test('a restore that was cut off before its last fsync is forced to disk by the next call', async () => {
    const { data, request } = scene();
    const backup = await backedUp(request);
    convert(data);
    const places = interruptFiles(files, 'killed-after', 0);
    await restoreData({ files: places }, { backup, id: 'counted' });
    convert(data);
    // The record that the restore is done is the last change: death before it is death after the last rename.
    const disk = interruptFiles(files, 'killed-after', (places.places().at(-1) ?? 0) - 1);
    await untilKilled(() => restoreData({ files: disk }, { backup, id: 'r' }));
    const synced: string[] = [];
    const watched: Files = {
      ...files,
      syncFolder: async (path) => {
        synced.push(path);
        return files.syncFolder(path);
      },
    };
    expect((await restoreData({ files: watched }, { backup, id: 'r' })).ok).toBe(true);
    expect(synced).toContain(data);
  });

  test('nothing is abandoned of a backup that is not there', async () => {
    const { backups, request } = scene();
    const safety = createDataSafety(
      { files, clock, log: silentLog },
      { paths: request.paths, folder: backups, keep: 2 },
    );
    expect(await safety.abandonRestore('update-1', 'rollback-1')).toEqual(succeed());
    expect(await safety.exists('update-1')).toEqual(succeed(false));
  });
});
