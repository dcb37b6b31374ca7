import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { silentLog } from '../../../platform/log.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { type InstalledRecord, openInstalledRecords } from '../../../installer/update/installed.ts';
import { ensureLiveBundle } from '../../../installer/update/live-bundle.ts';
import { type FolderRename, identityAt, makeRenames, undoRenames } from '../../../installer/update/renames.ts';
import { removeExpired } from '../../../installer/update/retention.ts';
import { readSwapPlan, writeSwapPlan } from '../../../installer/update/swap-plan.ts';
import type { DataSafety } from '../../../installer/update/tools.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();

/** A folder with a name in it, so that each can be told from the others wherever it lies. */
function bundle(path: string, name: string): string {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'name'), name);
  return path;
}

const nameAt = (path: string): string | undefined =>
  existsSync(join(path, 'name')) ? readFileSync(join(path, 'name'), 'utf8') : undefined;

async function identity(path: string): Promise<string> {
  const found = await identityAt(files, path);
  return found.ok ? (found.value ?? 'nothing') : 'fault';
}

interface Scene {
  readonly root: string;
  readonly live: string;
  readonly old: string;
  readonly staged: string;
  readonly parked: string;
  readonly renames: readonly FolderRename[];
}

async function swapScene(): Promise<Scene> {
  const root = temporaryFolder();
  const [live, old] = [bundle(join(root, 'X'), 'one'), bundle(join(root, 'X_old'), 'zero')];
  const [staged, parked] = [bundle(join(root, 'staging', 'bundle'), 'two'), join(root, 'staging', 'parked')];
  const renames = [
    { identity: await identity(old), from: old, to: parked },
    { identity: await identity(live), from: live, to: old },
    { identity: await identity(staged), from: staged, to: live },
  ];
  return { root, live, old, staged, parked, renames };
}

describe('the renames of a swap', () => {
  test.each([0, 1, 2, 3])('cut after %i of them: repeated they end in the same place, and back again', async (cut) => {
    const { live, old, staged, parked, renames } = await swapScene();
    for (const { from, to } of renames.slice(0, cut)) renameSync(from, to);
    expect(await makeRenames(files, renames)).toEqual(succeed());
    expect([nameAt(live), nameAt(old), nameAt(parked), nameAt(staged)]).toEqual(['two', 'one', 'zero', undefined]);
    for (const { from, to } of renames.toReversed().slice(0, cut)) renameSync(to, from);
    expect(await undoRenames(files, renames)).toEqual(succeed());
    expect([nameAt(live), nameAt(old), nameAt(parked), nameAt(staged)]).toEqual(['one', 'zero', undefined, 'two']);
  });

  test('made by an earlier try whose fsync failed, they are forced to disk all the same, either way', async () => {
    const { root, live, staged, renames } = await swapScene();
    rmSync(live, { recursive: true });
    const synced = new Set<string>();
    let failing = true;
    const watched: Files = {
      ...files,
      // As when the kernel has renamed and the fsync after it gives an error.
      renameNew: async (from, to) => {
        const renamed = await files.renameNew(from, to);
        return failing ? fail(faultOf('io-error', 'fsync', { path: to, operation: 'fsync' })) : renamed;
      },
      syncFolder: async (path) => {
        synced.add(path);
        return files.syncFolder(path);
      },
    };
    expect(await makeRenames(watched, renames.slice(2))).toMatchObject({ ok: false, fault: { code: 'io-error' } });
    failing = false;
    expect(await makeRenames(watched, renames.slice(2))).toEqual(succeed());
    expect(synced).toEqual(new Set([root, dirname(staged)]));
    failing = true;
    await undoRenames(watched, renames.slice(2));
    failing = false;
    synced.clear();
    expect(await undoRenames(watched, renames.slice(2))).toEqual(succeed());
    expect(synced).toEqual(new Set([root, dirname(staged)]));
  });

  test('what was moved out of a folder that is gone by now counts as moved', async () => {
    const { live, staged, renames } = await swapScene();
    rmSync(live, { recursive: true });
    renameSync(staged, live);
    rmSync(dirname(staged), { recursive: true });
    expect(await makeRenames(files, renames.slice(2))).toEqual(succeed());
  });

  test('a stranger in the way is not overwritten, a vanished folder is told', async () => {
    const { old, parked, staged, renames } = await swapScene();
    bundle(parked, 'stranger');
    const blocked = await makeRenames(files, renames);
    expect(blocked).toMatchObject({ ok: false, fault: { code: 'already-exists' } });
    expect([nameAt(old), nameAt(parked)]).toEqual(['zero', 'stranger']);
    rmSync(parked, { recursive: true });
    rmSync(staged, { recursive: true });
    expect(await makeRenames(files, renames)).toMatchObject({ ok: false, fault: { code: 'bundle-missing' } });
    expect(await undoRenames(files, renames.slice(0, 2))).toEqual(succeed());
  });
});

describe('one whole bundle at the live path, without a journal', () => {
  const NOTHING: InstalledRecord = { schema: 1, kept: [], bad: [] };

  test.each([1, 2, 3])('a swap cut after %i renames and never committed is taken back by its plan', async (cut) => {
    const { root, live, old, staged, renames } = await swapScene();
    const next = renames[2]?.identity ?? '';
    await writeSwapPlan(files, root, { schema: 1, orderId: 'order-0001', next, renames: [...renames] });
    for (const { from, to } of renames.slice(0, cut)) renameSync(from, to);
    const places = { bundle: live, oldBundle: old, stateFolder: root };
    expect(await ensureLiveBundle(files, places, succeed(NOTHING), silentLog)).toEqual(succeed());
    expect([nameAt(live), nameAt(old), nameAt(staged)]).toEqual(['one', 'zero', 'two']);
    expect(await readSwapPlan(files, root)).toEqual(succeed(undefined));
  });

  test('a committed swap stays', async () => {
    const { root, live, old, renames } = await swapScene();
    const next = renames[2]?.identity ?? '';
    await writeSwapPlan(files, root, { schema: 1, orderId: 'order-0001', next, renames: [...renames] });
    await makeRenames(files, renames);
    const record = { ...NOTHING, live: { version: '2', identity: next, installedAt: 0 } };
    await ensureLiveBundle(files, { bundle: live, oldBundle: old, stateFolder: root }, succeed(record), silentLog);
    expect([nameAt(live), nameAt(old)]).toEqual(['two', 'one']);
  });

  test('with a damaged plan the previous bundle goes back to an empty live path', async () => {
    const { root, live, old } = await swapScene();
    writeFileSync(join(root, 'swap-plan.json'), '{"schema":1,');
    rmSync(live, { recursive: true });
    await ensureLiveBundle(files, { bundle: live, oldBundle: old, stateFolder: root }, succeed(NOTHING), silentLog);
    expect(nameAt(live)).toBe('zero');
    rmSync(live, { recursive: true });
    const none = await ensureLiveBundle(
      files,
      { bundle: live, oldBundle: old, stateFolder: root },
      succeed(NOTHING),
      silentLog,
    );
    expect(none).toMatchObject({ ok: false, fault: { code: 'bundle-missing' } });
  });
});

describe('retention', () => {
  async function keptScene(keptUntil: number) {
    const { root, live, old } = await swapScene();
    const installed = openInstalledRecords({ files, log: silentLog, clock: { now: () => 0 } }, root);
    const discarded: string[] = [];
    const data = {
      discard: async (id: string) => Promise.resolve((discarded.push(id), succeed())),
      expire: async () => Promise.resolve(succeed()),
    } as Partial<DataSafety>;
    const kept = { version: '0', identity: await identity(old), installedAt: 0, path: old, keptUntil, backupId: 'b-0' };
    await installed.write({
      schema: 1,
      live: { version: '1', identity: await identity(live), installedAt: 0 },
      kept: [kept],
      bad: [],
    });
    const policy = { keepOldMs: 1_000 };
    const places = { bundle: live, stagingFolder: join(root, 'staging') };
    const tools = { files, log: silentLog, installed, data: data as DataSafety, policy, ...places };
    return { tools, old, live, installed, discarded };
  }

  test('nothing goes before its time', async () => {
    const { tools, old } = await keptScene(1_000);
    expect(await removeExpired(tools, 999)).toEqual(succeed([]));
    expect(nameAt(old)).toBe('zero');
  });

  test('what is expired goes, with its backup, and nothing else', async () => {
    const { tools, old, live, installed, discarded } = await keptScene(1_000);
    expect(await removeExpired(tools, 1_000)).toEqual(succeed(['0']));
    expect([nameAt(old), nameAt(live)]).toEqual([undefined, 'one']);
    expect(await installed.read()).toMatchObject({ value: { kept: [] } });
    expect(discarded).toEqual(['b-0']);
    expect(existsSync(join(tools.stagingFolder, 'expired'))).toBe(false);
  });

  test('a backup that could not be deleted is deleted by the next call', async () => {
    const { tools, installed, discarded } = await keptScene(1_000);
    const busy = { ...tools.data, discard: () => Promise.resolve(fail(faultOf('file-held', 'held'))) };
    expect(await removeExpired({ ...tools, data: busy }, 1_000)).toMatchObject({ fault: { code: 'file-held' } });
    expect(await installed.read()).toMatchObject({ value: { kept: [{ backupId: 'b-0' }] } });
    expect((await removeExpired(tools, 1_000)).ok).toBe(true);
    expect(discarded).toEqual(['b-0']);
    expect(await installed.read()).toMatchObject({ value: { kept: [] } });
  });

  test('a stale record that calls the live release kept costs nothing', async () => {
    const { tools, old, live, installed } = await keptScene(1_000);
    const stale = { version: '1', identity: await identity(live), installedAt: 0, keptUntil: 1 };
    const kept = [
      { ...stale, path: live },
      { ...stale, path: `${live}/../X` },
      { ...stale, path: old },
    ];
    await installed.write({ schema: 1, kept, bad: [] });
    expect((await removeExpired(tools, 1_000)).ok).toBe(true);
    expect([nameAt(live), nameAt(old)]).toEqual(['one', 'zero']);
    expect(await installed.read()).toMatchObject({ value: { kept: [] } });
  });

  test('another folder under its name is forgotten, never deleted', async () => {
    const { tools, old, installed } = await keptScene(1_000);
    renameSync(old, `${old}-moved-by-hand`);
    bundle(old, 'somebody else');
    await removeExpired(tools, 1_000);
    expect(nameAt(old)).toBe('somebody else');
    expect(await installed.read()).toMatchObject({ value: { kept: [] } });
  });
});
