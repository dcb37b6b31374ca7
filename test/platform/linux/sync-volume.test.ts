import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClock } from '../../../platform/node/clock.ts';
import { createFiles } from '../../../platform/node/files.ts';
import { reportsErrors, syncVolume } from '../../../platform/linux/sync-volume.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

describe('syncfs of a volume', () => {
  it.runIf(process.platform === 'linux')('is done by GNU sync, and refused for what is not there', async () => {
    const folder = temporaryFolder();
    expect(await syncVolume(folder)).toBe(true);
    expect(await syncVolume(join(folder, 'nothing'))).toBe(false);
  });

  it('reports errors since Linux 5.8', () => {
    expect(['5.7.19', '4.18.0-553.el8', '3.10.0', 'unknown'].map(reportsErrors)).toEqual([false, false, false, false]);
    expect(['5.8.0', '5.10.0-31-amd64', '6.1.0', '10.0'].map(reportsErrors)).toEqual([true, true, true, true]);
  });
});

describe('a tree made durable', () => {
  const asked: string[] = [];
  const filesThatSync = (works: boolean): ReturnType<typeof createFiles> =>
    createFiles({ operatingSystem: 'linux', account: 'root' }, createClock(), (folder) => {
      asked.push(folder);
      return Promise.resolve(works);
    });

  it('is left to the volume when it is large, and synced file by file when that fails', async () => {
    const [small, large] = [temporaryFolder(), temporaryFolder()];
    mkdirSync(join(large, 'below'));
    writeFileSync(join(small, 'one'), 'x');
    for (let index = 0; index < 120; index += 1) writeFileSync(join(large, 'below', String(index)), 'x');
    for (const works of [true, false]) {
      expect(await filesThatSync(works).syncTree(large)).toMatchObject({ ok: true });
      expect(await filesThatSync(works).syncTree(small)).toMatchObject({ ok: true });
    }
    expect(asked).toEqual([large, large]);
  });
});
