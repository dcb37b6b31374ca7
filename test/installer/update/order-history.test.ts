import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createJournal } from '../../../installer/update/journal.ts';
import { orderOf } from '../../../installer/update/journal-entry.ts';
import { readHistory, readOrder } from '../../../installer/update/order-history.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Files } from '../../../platform/files.ts';
import { silentLog } from '../../../platform/log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const platform = openPlatform();
const ORDER = { kind: 'update', orderedBy: 'Administrator', delaySeconds: 90, language: 'fr' } as const;

let folder: string;
/** Paths of the journals that were read since. */
let read: string[];
const files: Files = {
  ...platform.files,
  readText: async (path, limit) => {
    read.push(path);
    return platform.files.readText(path, limit);
  },
};

beforeEach(async () => {
  folder = temporaryFolder('order-history');
  read = [];
  for (const [at, id] of ['1', 'old-1', '2', '3'].entries())
    expect((await createJournal(platform.files, folder, { ...ORDER, id }, at)).ok).toBe(true);
});

const idsOf = async (limit: number) =>
  (await readHistory(files, folder, silentLog, limit)).map((journal) => orderOf(journal).id);

test('the newest orders are read, and no older ones', async () => {
  expect(await idsOf(2)).toEqual(['3', '2']);
  expect(read).toHaveLength(2);
  expect(await idsOf(0)).toEqual([]);
  expect(await idsOf(9)).toEqual(['3', '2', 'old-1', '1']);
});

test('what cannot be read is passed over', async () => {
  const newest = readdirSync(folder).findLast((name) => name.endsWith('-3.journal')) ?? '';
  writeFileSync(join(folder, newest), 'no journal\n');
  expect(await idsOf(1)).toEqual(['2']);
  expect(await readOrder(files, folder, silentLog, '3')).toBeUndefined();
});

test('an order is found by its id, and no other journal is read for it', async () => {
  expect(orderOf((await readOrder(files, folder, silentLog, '1')) ?? [])).toMatchObject({ id: '1' });
  expect(read).toHaveLength(1);
  expect(await readOrder(files, folder, silentLog, 'd-1')).toBeUndefined();
  expect(read).toHaveLength(1);
});
