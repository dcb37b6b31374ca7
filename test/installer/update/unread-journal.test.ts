import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../platform/clock.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { silentLog } from '../../../platform/log.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { ServerState } from '../../../supervisor/server-state.ts';
import { openInstalledRecords } from '../../../installer/update/installed.ts';
import { createJournal, listJournals } from '../../../installer/update/journal.ts';
import type { Steps } from '../../../installer/update/step.ts';
import { readSwapPlan } from '../../../installer/update/swap-plan.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';
import { createUpdates } from '../../../installer/update/updates.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { RUNNING, STOPPED, swapped } from './swapped.ts';

const { files } = openPlatform();
const ORDER = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 0, language: 'en' } as const;

/** A launcher that starts after one that died between swap and commit; so many reads of the orders' folder fail. */
async function started(failures: number, server: ServerState, broken: 'journal' | 'folder' | 'nothing' = 'journal') {
  const root = temporaryFolder();
  const places = { ...(await swapped(root, ORDER.id)), stateFolder: root, stagingFolder: root, manifestFolder: root };
  const journalFolder = join(root, 'orders');
  const journal = await createJournal(files, journalFolder, ORDER, 1);
  if (journal.ok) await journal.value.append({ kind: 'began', at: 2, step: 'stop' });
  let left = failures;
  const mayFail = (path: string): boolean => path.startsWith(journalFolder) && (left -= 1) >= 0;
  const failing: Files = {
    ...files,
    readText: async (path, limit) =>
      broken === 'journal' && mayFail(path)
        ? fail(faultOf('io-error', 'as planned', { path }))
        : files.readText(path, limit),
    list: async (path) =>
      broken === 'folder' && mayFail(path) ? fail(faultOf('no-permission', 'as planned', { path })) : files.list(path),
  };
  // Nobody waits here.
  const clock: Clock = { now: () => 9, monotonic: () => 9, sleep: async () => Promise.resolve('elapsed') };
  const installed = openInstalledRecords({ files, log: silentLog, clock: { now: () => 9 } }, root);
  const tools = { files: failing, clock, log: silentLog, places, installed, server: { state: () => server } };
  const updates = createUpdates(tools as unknown as UpdateTools, { journalFolder, steps: {} as Steps });
  const live = (): string => readFileSync(join(places.bundle, 'name'), 'utf8');
  return { updates, live, journalFolder, root };
}

test.each(['journal', 'folder'] as const)('a %s that could not be read once is read again', async (broken) => {
  const { updates, live } = await started(2, STOPPED, broken);
  expect(await updates.inspect()).toMatchObject({ kind: 'open', serverHeld: true });
  await updates.mendBundle();
  expect(live()).toBe('two');
});

test.each(['journal', 'folder'] as const)('a %s that cannot be read is not taken for damaged', async (broken) => {
  const { updates, live, journalFolder, root } = await started(99, STOPPED, broken);
  const code = broken === 'journal' ? 'io-error' : 'no-permission';
  expect(await updates.inspect()).toMatchObject({ kind: 'unread', fault: { code } });
  await updates.mendBundle();
  await updates.tidy();
  // The swap was made to its end, and its order can go on from there once it can be read.
  expect(live()).toBe('two');
  expect((await readSwapPlan(files, root)).ok).toBe(true);
  expect(await updates.order({ ...ORDER, id: 'order-0002' })).toMatchObject({ ok: false, fault: { code } });
  const journals = await listJournals(files, journalFolder);
  expect(journals.ok && journals.value.length).toBe(1);
});

test('a damaged journal: the swap is taken back, but never below a server that runs', async () => {
  for (const [server, expected] of [[STOPPED, 'one'] as const, [RUNNING, 'two'] as const]) {
    const { updates, live, journalFolder, root } = await started(0, server, 'nothing');
    const journals = await listJournals(files, journalFolder);
    const [path = ''] = journals.ok ? journals.value : [];
    await files.writeDurably(path, 'not a journal\n');
    expect(await updates.inspect()).toEqual({ kind: 'none' });
    await updates.mendBundle();
    expect(live()).toBe(expected);
    const plan = await readSwapPlan(files, root);
    expect(plan).toEqual(expected === 'one' ? succeed(undefined) : expect.objectContaining({ ok: true }));
  }
});
