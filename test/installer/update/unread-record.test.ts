import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../platform/clock.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { silentLog } from '../../../platform/log.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { openScheduleRecords } from '../../../installer/schedule/record.ts';
import { openInstalledRecords } from '../../../installer/update/installed.ts';
import { recordLiveRelease } from '../../../installer/update/live-release.ts';
import { identityAt } from '../../../installer/update/renames.ts';
import { removeExpired } from '../../../installer/update/retention.ts';
import type { Steps } from '../../../installer/update/step.ts';
import { readSwapPlan } from '../../../installer/update/swap-plan.ts';
import type { DataSafety, UpdateTools } from '../../../installer/update/tools.ts';
import { createUpdates } from '../../../installer/update/updates.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { RUNNING, STOPPED, swapped } from './swapped.ts';

const { files } = openPlatform();
const clock: Clock = { now: () => 9, monotonic: () => 9, sleep: async () => Promise.resolve('elapsed') };

/** Files whose reads of one name fail while `broken.now` says so. */
function failingReads(name: string): { readonly files: Files; readonly broken: { now: boolean } } {
  const broken = { now: true };
  const readText: Files['readText'] = async (path, limit) =>
    broken.now && path.endsWith(name) ? fail(faultOf('io-error', 'as planned', { path })) : files.readText(path, limit);
  return { files: { ...files, readText }, broken };
}

/** A machine with a kept release whose time is over. */
async function keptScene() {
  const root = temporaryFolder();
  const [live, old] = [join(root, 'X'), join(root, 'X_old')];
  [live, old].forEach((folder) => mkdirSync(folder));
  const { files: failing, broken } = failingReads('installed.json');
  const installed = openInstalledRecords({ files: failing, log: silentLog, clock }, root);
  const identity = await identityAt(files, old);
  const kept = {
    ...{ version: '1', identity: (identity.ok && identity.value) || '', installedAt: 0 },
    ...{ path: old, keptUntil: 1 },
  };
  await installed.write({ schema: 1, kept: [kept], bad: [] });
  const text = (): string => readFileSync(join(root, 'installed.json'), 'utf8');
  return { root, live, old, failing, broken, installed, text };
}

test('a record of installed releases that cannot be read is neither cleaned up by nor written over', async () => {
  const { root, live, old, failing, broken, installed, text } = await keptScene();
  const before = text();
  const discarded: string[] = [];
  const data = {
    discard: async (id: string) => Promise.resolve((discarded.push(id), succeed())),
    expire: async () => Promise.resolve(succeed()),
  } as Partial<DataSafety> as DataSafety;
  const retention = { files: failing, log: silentLog, installed, data, policy: { keepOldMs: 0 } };
  const tidy = async () => removeExpired({ ...retention, bundle: live, stagingFolder: join(root, 'staging') }, 100);
  expect(await tidy()).toMatchObject({ ok: false, fault: { code: 'io-error' } });

  const checks = { smoke: async () => Promise.resolve(succeed('version 7.7')) } as unknown as UpdateTools['checks'];
  const places = { bundle: live, oldBundle: old, stateFolder: root, stagingFolder: root, manifestFolder: root };
  const noting = { files: failing, places, checks, clock, installed, log: silentLog };
  expect(await recordLiveRelease(noting)).toMatchObject({ ok: false, fault: { code: 'io-error' } });
  expect([text(), discarded]).toEqual([before, []]);

  // It was a passing failure: everything is as it was before.
  broken.now = false;
  expect(await recordLiveRelease(noting)).toEqual(succeed());
  expect(JSON.parse(text())).toMatchObject({ live: { version: '7.7' }, kept: [{ version: '1' }] });
  expect(await tidy()).toEqual(succeed(['1']));
});

test('a swap that may be final by a record that cannot be read is not taken back', async () => {
  for (const [isBroken, expected] of [[true, 'two'] as const, [false, 'one'] as const]) {
    const root = temporaryFolder();
    const places = {
      ...(await swapped(root, 'order-0001')),
      ...{ stateFolder: root, stagingFolder: root, manifestFolder: root },
    };
    const { files: failing, broken } = failingReads('installed.json');
    broken.now = isBroken;
    writeFileSync(join(root, 'installed.json'), '{"schema":1,"kept":[],"bad":[]}');
    const installed = openInstalledRecords({ files: failing, log: silentLog, clock }, root);
    const tools = { files: failing, clock, log: silentLog, places, installed, server: { state: () => STOPPED } };
    const updates = createUpdates(tools as unknown as UpdateTools, {
      journalFolder: join(root, 'orders'),
      steps: {} as Steps,
    });
    expect(await updates.inspect()).toEqual({ kind: 'none' });
    await updates.mendBundle();
    expect(readFileSync(join(places.bundle, 'name'), 'utf8')).toBe(expected);
    expect(await readSwapPlan(files, root)).toMatchObject({ ok: true });
  }
});

test.each([
  { folder: 'live', server: STOPPED },
  { folder: 'live', server: RUNNING },
  { folder: 'old alone', server: STOPPED },
])('a damaged plan of a swap beside $folder is set aside once a whole bundle is live', async ({ folder, server }) => {
  const root = temporaryFolder();
  const [bundle, oldBundle] = [join(root, 'X'), join(root, 'X_old')];
  mkdirSync(folder === 'live' ? bundle : oldBundle);
  writeFileSync(join(root, 'swap-plan.json'), '{"schema":1,');
  const places = { bundle, oldBundle, stateFolder: root, stagingFolder: root, manifestFolder: root };
  const installed = openInstalledRecords({ files, log: silentLog, clock }, root);
  const tools = { files, clock, log: silentLog, places, installed, server: { state: () => server } };
  const options = { journalFolder: join(root, 'orders'), steps: {} as Steps };
  const updates = createUpdates(tools as unknown as UpdateTools, options);
  await updates.inspect();
  await updates.mendBundle();
  expect(await readSwapPlan(files, root)).toEqual(succeed(undefined));
  expect(readdirSync(root)).toEqual(['X', expect.stringMatching(/^swap-plan\.json\.unreadable-\d+$/)]);
});

test('a record of the schedule that cannot be read keeps its marks; a damaged one begins anew', async () => {
  const root = temporaryFolder();
  const path = join(root, 'schedule.json');
  const tries = {
    ...{ failures: 2, lastFailureAt: 5 },
    releases: [{ manifestSha256: 'a', version: '2', tries: 3, lastAt: 4, code: 'smoke-failed' }],
  };
  const { files: failing, broken } = failingReads('schedule.json');
  const parts = { files: failing, log: silentLog, clock };
  broken.now = false;
  const first = openScheduleRecords(parts, root);
  const id = await first.machineId();
  await first.write(tries);
  const text = readFileSync(path, 'utf8');

  broken.now = true;
  const second = openScheduleRecords(parts, root);
  expect(await second.machineId()).not.toBe(id);
  expect(await second.machineId()).toBe(await second.machineId());
  expect(await second.write({ ...tries, failures: 0 })).toMatchObject({ ok: false, fault: { code: 'io-error' } });
  expect(readFileSync(path, 'utf8')).toBe(text);
  broken.now = false;
  expect([await second.machineId(), await second.tries()]).toMatchObject([id, tries]);

  renameSync(path, `${path}.kept`);
  writeFileSync(path, '{"schema":1');
  const third = openScheduleRecords(parts, root);
  expect(await third.tries()).toMatchObject({ releases: [], failures: 0 });
  expect(await files.list(root)).toMatchObject({
    value: expect.arrayContaining(['schedule.json.unreadable-9']) as unknown,
  });
});
