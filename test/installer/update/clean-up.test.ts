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
