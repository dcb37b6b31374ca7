import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { canMount, mountTmpfs, unmount } from '../../kit/privilege.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();

/** A volume of its own for the test. */
function tinyVolume(options: string): string {
  const path = temporaryFolder('volume');
  expect(mountTmpfs(path, options)).toBe(true);
  onTestFinished(() => unmount(path));
  return path;
}

describe.skipIf(!canMount())('a real small volume', () => {
  const big = Buffer.alloc(200_000, 'x');

  test('that is full: told as such, the old content stays, nothing half-written is left', async () => {
    const volume = tinyVolume('size=64k');
    const path = join(volume, 'file');
    await files.writeDurably(path, 'old');
    expect(await files.writeDurably(path, big)).toMatchObject({ ok: false, fault: { code: 'disk-full', path } });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(volume)).toEqual(['file']);
  });

  test('that is full: an append is cut back to whole lines', async () => {
    const path = join(tinyVolume('size=64k'), 'journal');
    await files.appendDurably(path, 'whole\n');
    expect(await files.appendDurably(path, big)).toMatchObject({ ok: false, fault: { code: 'disk-full', path } });
    expect(readFileSync(path, 'utf8')).toBe('whole\n');
    expect((await files.appendDurably(path, 'next\n')).ok).toBe(true);
  });

  test('that is full: a copy leaves no half', async () => {
    const volume = tinyVolume('size=64k');
    const source = join(temporaryFolder('source'), 'big');
    await files.writeDurably(source, big);
    const target = join(volume, 'copy');
    expect(await files.copyFile(source, target)).toMatchObject({
      ok: false,
      fault: { code: 'disk-full', path: target },
    });
    expect(readdirSync(volume)).toEqual([]);
  });

  test('without a free inode', async () => {
    const volume = tinyVolume('size=1m,nr_inodes=3');
    for (const name of ['a', 'b']) await files.writeDurably(join(volume, name), '');
    expect(await files.makeNewFolder(join(volume, 'c'))).toMatchObject({ ok: false, fault: { code: 'disk-full' } });
    const space = await files.space(volume);
    expect(space.ok && space.value.freeInodes).toBe(0);
  });

  test('that is read-only', async () => {
    const path = join(tinyVolume('ro'), 'file');
    expect(await files.writeDurably(path, 'x')).toMatchObject({ ok: false, fault: { code: 'read-only' } });
    expect(await files.makeNewFolder(path)).toMatchObject({ ok: false, fault: { code: 'read-only', path } });
  });

  test('and another volume: neither a file nor a folder is renamed across', async () => {
    const volume = tinyVolume('size=64k');
    const source = temporaryFolder('source');
    await files.writeDurably(join(source, 'file'), 'x');
    await files.makeNewFolder(join(source, 'folder'));
    for (const name of ['file', 'folder']) {
      const renamed = await files.renameNew(join(source, name), join(volume, name));
      expect(renamed).toMatchObject({ ok: false, fault: { code: 'cross-volume' } });
    }
    expect(readdirSync(source)).toEqual(['file', 'folder']);
  });
});
