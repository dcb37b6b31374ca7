import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { silentLog } from '../../../platform/log.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import { forgetManifests } from '../../../installer/update/forget-manifests.ts';
import { cleanUp } from '../../../installer/update/steps/15-clean-up.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();
const ORDER: Order = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 0, language: 'en' };
const JOURNAL: readonly JournalEntry[] = [{ kind: 'ordered', at: 0, order: ORDER }];

/** What happens on the disk is noted in `acts`. */
function contextIn(root: string, acts: string[]): StepContext {
  const watched: Files = {
    ...files,
    removeTree: async (path) => {
      acts.push(`remove ${path}`);
      return files.removeTree(path);
    },
    syncFolder: async (path) => {
      acts.push(`sync ${path}`);
      return files.syncFolder(path);
    },
  };
  const places = {
    bundle: join(root, 'X'),
    stagingFolder: join(root, 'staging'),
    stateFolder: root,
    manifestFolder: join(root, 'manifests'),
  };
  const installed = { read: async () => Promise.resolve(succeed({ kept: [] })) };
  return { order: ORDER, journal: JOURNAL, tools: { files: watched, places, installed } } as unknown as StepContext;
}

test('manifests of releases that are neither live nor kept go; what is not a manifest of ours stays', async () => {
  const root = temporaryFolder();
  const manifestFolder = join(root, 'manifests');
  mkdirSync(manifestFolder);
  const [live, kept, shipped, forgotten] = ['a', 'b', 'c', 'd'].map((digit) => `${digit.repeat(64)}.json.zst`) as [
    string,
    string,
    string,
    string,
  ];
  for (const name of [live, kept, shipped, forgotten, 'notes.txt']) writeFileSync(join(manifestFolder, name), '');
  const fileOf = (name: string): { manifestFile: string } => ({ manifestFile: join(manifestFolder, name) });
  const read = async () => Promise.resolve(succeed({ live: fileOf(live), kept: [fileOf(kept)] }));
  const facts = { shippedManifest: join(manifestFolder, shipped) };
  const journal = [...JOURNAL, { kind: 'done', at: 1, step: 'preflight', facts }];
  const tools = { files, places: { manifestFolder }, installed: { read }, log: silentLog };
  await forgetManifests({ tools, journal } as unknown as StepContext);
  expect(readdirSync(manifestFolder)).toEqual([live, kept, shipped, 'notes.txt']);
  const unread = { ...tools, installed: { read: async () => Promise.resolve(fail(faultOf('io-error', 'EIO'))) } };
  await forgetManifests({ tools: unread, journal: [] } as unknown as StepContext);
  expect(readdirSync(manifestFolder)).toHaveLength(4);
});

test("an order's folder is removed for good: a power cut cannot bring it back", async () => {
  const root = temporaryFolder();
  const staging = join(root, 'staging');
  mkdirSync(join(staging, ORDER.id), { recursive: true });
  writeFileSync(join(staging, ORDER.id, 'full.pack'), 'pack');
  const acts: string[] = [];
  const removed = [join(staging, ORDER.id)];
  expect(await cleanUp.run(contextIn(root, acts))).toEqual(succeed({ removed }));
  expect(existsSync(join(staging, ORDER.id))).toBe(false);
  expect(acts).toEqual([`remove ${join(staging, ORDER.id)}`, `sync ${staging}`]);
  rmSync(staging, { recursive: true });
  expect(await cleanUp.run(contextIn(root, []))).toEqual(succeed({ removed }));
});

test("a rollback's copy of the data goes whatever became of the order; that of an update is not its business", async () => {
  const asked = async (kind: Order['kind'], entries: readonly object[]): Promise<readonly string[]> => {
    const root = temporaryFolder();
    const discarded: string[] = [];
    const discard = async (id: string) => Promise.resolve((discarded.push(id), succeed()));
    const { tools, ...context } = contextIn(root, []);
    const order: Order = { ...ORDER, kind };
    const facts = { to: '1', dataFormatChanges: true, nextBundle: '/X_old' };
    const journal = [{ kind: 'ordered', at: 0, order }, { kind: 'done', at: 1, step: 'preflight', facts }, ...entries];
    const ran = await cleanUp.run({
      ...context,
      order,
      journal,
      tools: { ...tools, data: { discard } },
    } as unknown as StepContext);
    expect(ran).toMatchObject({ ok: true });
    return discarded;
  };
  const failed = [
    { kind: 'began', at: 2, step: 'backUp' },
    { kind: 'failed', at: 3, step: 'backUp', fault: faultOf('data-backup-failed', 'EIO') },
    { kind: 'undo-began', at: 4, step: 'backUp' },
    { kind: 'undone', at: 5, step: 'backUp' },
  ];
  expect(await asked('rollback', failed)).toEqual([ORDER.id]);
  expect(await asked('rollback', [])).toEqual([]);
  expect(await asked('update', failed)).toEqual([]);
});
