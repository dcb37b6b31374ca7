import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled, run } from './run.ts';

/** Both versions, as folders and as tar files in one order without times and owners; `work` is empty and for one rival alone. */
export interface Versions {
  readonly oldFolder: string;
  readonly newFolder: string;
  readonly oldTar: string;
  readonly newTar: string;
  readonly work: string;
}

export interface Rival {
  readonly name: 'bsdiff' | 'xdelta3' | 'zstdPatch' | 'casync' | 'rsync';
  readonly program: string;
  /** Bytes that a customer would fetch. */
  readonly measure: (versions: Versions) => Promise<number>;
}

const RIVALS: readonly Rival[] = [
  {
    name: 'bsdiff',
    program: 'bsdiff',
    async measure({ oldTar, newTar, work }) {
      await run('bsdiff', [oldTar, newTar, join(work, 'patch')]);
      return statSync(join(work, 'patch')).size;
    },
  },
  {
    name: 'xdelta3',
    program: 'xdelta3',
    async measure({ oldTar, newTar, work }) {
      const window = ['-B', String(512 * 1024 * 1024)];
      await run('xdelta3', ['-e', '-9', '-S', 'lzma', ...window, '-s', oldTar, newTar, join(work, 'patch')]);
      return statSync(join(work, 'patch')).size;
    },
  },
  {
    name: 'zstdPatch',
    program: 'zstd',
    async measure({ oldTar, newTar, work }) {
      const target = join(work, 'patch');
      await run('zstd', ['-q', '-19', '--long=30', `--patch-from=${oldTar}`, newTar, '-o', target]);
      return statSync(target).size;
    },
  },
  {
    name: 'casync',
    program: 'casync',
    async measure({ oldFolder, newFolder, work }) {
      const store = ['--chunk-size=64K', '--with=unix', `--store=${join(work, 'store.castr')}`];
      await run('casync', ['make', ...store, join(work, 'old.caidx'), oldFolder]);
      const before = bytesBelow(join(work, 'store.castr'));
      await run('casync', ['make', ...store, join(work, 'new.caidx'), newFolder]);
      return bytesBelow(join(work, 'store.castr')) - before + statSync(join(work, 'new.caidx')).size;
    },
  },
  {
    name: 'rsync',
    program: 'rsync',
    async measure({ oldFolder, newFolder, work }) {
      const copy = join(work, 'copy');
      cpSync(oldFolder, copy, { recursive: true, verbatimSymlinks: true });
      const options = ['-rlz', '--checksum', '--no-whole-file', '--delete', '--stats'];
      const { output } = await run('rsync', [...options, `${newFolder}/`, `${copy}/`]);
      return ['sent', 'received'].reduce((sum, way) => sum + statistic(output, `Total bytes ${way}`), 0);
    },
  },
];

/** The rivals that this machine has. */
export async function installedRivals(): Promise<readonly Rival[]> {
  const found: Rival[] = [];
  for (const rival of RIVALS) {
    if (await isInstalled(rival.program)) found.push(rival);
    else console.log(`${rival.program} is not installed: apt-get install ${rival.program}`);
  }
  return found;
}

/** Makes the tar file that whole-file rivals compare. */
export async function makeTar(folder: string, target: string): Promise<void> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await run('tar', [...same, '-cf', target, '-C', folder, '.']);
}

function bytesBelow(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function statistic(output: string, name: string): number {
  const line = output.split('\n').find((text) => text.startsWith(name)) ?? '';
  return Number(line.slice(line.indexOf(':') + 1).replaceAll(/[^0-9]/gu, ''));
}
