import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import { silentLog } from '../../../platform/log.ts';
import { fail, succeed } from '../../../platform/result.ts';
import {
  readSwapPlan,
  relyOnSwapPlan,
  removeSwapPlan,
  setDamagedPlanAside,
  type SwapPlan,
  writeSwapPlan,
} from '../../../installer/update/swap-plan.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();
const PLAN: SwapPlan = {
  schema: 1,
  orderId: 'order-0001',
  next: 'b',
  renames: [{ identity: 'a', from: 'X', to: 'Y' }],
};
const NAME = 'swap-plan.json';

function stateWith(content?: unknown): string {
  const folder = temporaryFolder('swap-plan');
  if (content !== undefined) writeFileSync(join(folder, NAME), JSON.stringify(content));
  return folder;
}

test('a plan that was written is read', async () => {
  const folder = stateWith();
  expect(await readSwapPlan(files, folder)).toEqual(succeed(undefined));
  expect((await writeSwapPlan(files, folder, PLAN)).ok).toBe(true);
  expect(await readSwapPlan(files, folder)).toEqual(succeed(PLAN));
});

test.each([
  { ...PLAN, orderId: 1 },
  { ...PLAN, next: undefined },
  { ...PLAN, renames: [{ identity: 'a', from: 'X' }] },
  { schema: 1 },
  'no plan',
])('what is no plan is damage: %j', async (content) => {
  const folder = stateWith(content);
  expect(await readSwapPlan(files, folder)).toEqual(
    fail(faultOf('record-corrupt', 'the plan of the swap is damaged', { path: join(folder, NAME) })),
  );
  expect(await relyOnSwapPlan(files, folder)).toMatchObject({ ok: false, fault: { code: 'record-corrupt' } });
  const changed = Math.trunc(statSync(join(folder, NAME)).mtimeMs);
  expect(await setDamagedPlanAside(files, folder, silentLog)).toEqual(succeed());
  expect(await readSwapPlan(files, folder)).toEqual(succeed(undefined));
  expect(readdirSync(folder)).toEqual([expect.stringContaining(String(changed))]);
});

test('a newer one, and one that the disk does not give, are no damage and stay', async () => {
  const newer = stateWith({ schema: 2 });
  const unread = { ...files, readText: async () => Promise.resolve(fail(faultOf('io-error', 'EIO'))) };
  for (const [from, folder, code] of [
    [files, newer, 'newer-schema'],
    [unread, stateWith(PLAN), 'io-error'],
  ] as const) {
    expect(await readSwapPlan(from, folder)).toMatchObject({ ok: false, fault: { code } });
    expect(await setDamagedPlanAside(from, folder, silentLog)).toMatchObject({ ok: false, fault: { code } });
    expect(readdirSync(folder)).toEqual([NAME]);
  }
});

test('a plan that was removed is gone for good, and only then', async () => {
  const folder = stateWith(PLAN);
  const synced: string[] = [];
  const watched = { ...files, syncFolder: async (path: string) => (synced.push(path), files.syncFolder(path)) };
  expect(await removeSwapPlan(watched, folder)).toEqual(succeed());
  expect([readdirSync(folder), synced]).toEqual([[], [folder]]);
  const fault = faultOf('io-error', 'EIO');
  const held = { ...watched, remove: async () => Promise.resolve(fail(fault)) };
  expect(await removeSwapPlan(held, folder)).toEqual(fail(fault));
  expect(synced).toHaveLength(1);
});

test('a whole plan is not set aside, none is no trouble', async () => {
  const folder = stateWith(PLAN);
  expect(await setDamagedPlanAside(files, folder, silentLog)).toEqual(succeed());
  expect(readdirSync(folder)).toEqual([NAME]);
  expect(await setDamagedPlanAside(files, stateWith(), silentLog)).toEqual(succeed());
});

test('a damaged one whose facts the disk does not give stays where it is', async () => {
  const folder = stateWith({ schema: 1 });
  const fault = faultOf('io-error', 'EIO');
  const blind = { ...files, facts: async () => Promise.resolve(fail(fault)) };
  expect(await setDamagedPlanAside(blind, folder, silentLog)).toEqual(fail(fault));
  const gone = { ...files, facts: async () => Promise.resolve(succeed(undefined)) };
  expect(await setDamagedPlanAside(gone, folder, silentLog)).toEqual(succeed());
  expect(readdirSync(folder)).toEqual([NAME]);
});

test('who acts by a plan forces it to disk first, and does not act when that fails', async () => {
  const synced: string[] = [];
  const watched = { ...files, syncFolder: async (path: string) => (synced.push(path), files.syncFolder(path)) };
  const [none, folder] = [stateWith(), stateWith(PLAN)];
  expect(await relyOnSwapPlan(watched, none)).toEqual(succeed(undefined));
  expect(synced).toEqual([]);
  expect(await relyOnSwapPlan(watched, folder)).toEqual(succeed(PLAN));
  expect(synced).toEqual([folder]);
  const failing = { ...files, syncFolder: async () => Promise.resolve(fail(faultOf('io-error', 'EIO'))) };
  expect(await relyOnSwapPlan(failing, folder)).toMatchObject({ ok: false, fault: { code: 'io-error' } });
});
