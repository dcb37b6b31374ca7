import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { removeUnfinishedWrites, unfinishedName } from '../../platform/unfinished-writes.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

test('what cut-off durable writes left goes, down to the depth, and nothing else', async () => {
  const { files } = openPlatform();
  const folder = temporaryFolder();
  const [orders, deep] = [join(folder, 'orders'), join(folder, 'orders', 'deep')];
  mkdirSync(deep, { recursive: true });
  for (const place of [folder, orders, deep]) {
    writeFileSync(unfinishedName(join(place, 'record.json'), '0123456789ab'), 'half');
    writeFileSync(join(place, '.mine.tmp'), 'a stranger');
    await files.writeDurably(join(place, 'record.json'), 'whole');
  }
  mkdirSync(join(folder, '.record.json.0123456789ac.tmp'));
  await removeUnfinishedWrites(files, folder, 1);
  await removeUnfinishedWrites(files, join(folder, 'absent'), 1);
  expect(readdirSync(folder).sort()).toEqual(['.mine.tmp', '.record.json.0123456789ac.tmp', 'orders', 'record.json']);
  expect(readdirSync(orders).sort()).toEqual(['.mine.tmp', 'deep', 'record.json']);
  expect(readdirSync(deep)).toContain('.record.json.0123456789ab.tmp');
});
