import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import type { Files } from '../../../platform/files.ts';
import { succeed } from '../../../platform/result.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import type { StepContext } from '../../../installer/update/step.ts';
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
  const places = { bundle: join(root, 'X'), stagingFolder: join(root, 'staging'), stateFolder: root };
  return { order: ORDER, journal: JOURNAL, tools: { files: watched, places } } as unknown as StepContext;
}

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
