import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { runTool } from './fault-site.ts';
import { retry } from './image-ground.ts';

/** A file system of its own for images of disks: a copy of one takes no time and no space, and is of one moment (ioctl_ficlone(2)). */
export interface DiskStore {
  readonly folder: string;
  close(): Promise<void>;
}

/** Takes memory or disk only for what is written to it. */
const STORE_BYTES = 24 * 1024 ** 3;

/** undefined where this machine cannot mount, or lacks a tool. */
export async function openDiskStore(folder: string): Promise<DiskStore | undefined> {
  const file = `${folder}.image`;
  mkdirSync(folder, { recursive: true });
  try {
    await runTool('truncate', '-s', String(STORE_BYTES), file);
    await runTool('mkfs.xfs', '-q', '-m', 'reflink=1', file);
    await runTool('mount', '-o', 'loop', file, folder);
  } catch {
    await rm(file, { force: true });
    return undefined;
  }
  return {
    folder,
    async close() {
      await retry(async () => runTool('umount', folder));
      await rm(file, { force: true });
    },
  };
}
