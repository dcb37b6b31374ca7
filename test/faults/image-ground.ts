import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ground, runTool } from './fault-site.ts';

export const FILE_SYSTEMS = ['ext4', 'xfs'] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];

/** A file system of its own in an image file, whose machine can lose its power. */
export interface ImageGround extends Ground {
  /** From this moment on nothing reaches the disk; what had not is lost. */
  cutPower(): Promise<void>;
  /** The machine comes up again: the journal of the file system is replayed, its device has another number. */
  powerUp(): Promise<void>;
  /**
   * Keeps the disk as it is now, under a name: what was written to it, not what the system still holds back. The same name as last
   * time if nothing was written since.
   */
  keepNow(): Promise<string>;
}

/** Bytes; xfs takes no less. */
const IMAGE_BYTES = 320 * 1024 * 1024;
const UNMOUNT_TRIES = 600;
const UNMOUNT_PAUSE_MS = 50;
/** ext4 writes its own journal this often anyway, so that only data that was synced is safe, not everything by luck. */
const MOUNT_OPTIONS: Readonly<Record<FileSystem, string>> = { ext4: 'commit=1', xfs: 'defaults' };

/** undefined where this machine cannot mount, or lacks a tool: said by whoever asked. */
export async function imageGround(base: string, fileSystem: FileSystem): Promise<ImageGround | undefined> {
  const [image, mountPoint] = [join(base, 'disk'), join(base, 'mounted')];
  mkdirSync(mountPoint, { recursive: true });
  await runTool('truncate', '-s', String(IMAGE_BYTES), image);
  let device: string | undefined;
  let mounted = false;
  let count = 0;
  let last: { readonly name: string; readonly written: string } | undefined;
  const mount = async (): Promise<void> => {
    // The new device first: then it cannot get the old one's number, as after a real start of a machine.
    const next = (await runTool('losetup', '--find', '--show', image)).trim();
    if (device !== undefined) await runTool('losetup', '--detach', device);
    device = next;
    await runTool('mount', '-t', fileSystem, '-o', MOUNT_OPTIONS[fileSystem], device, mountPoint);
    mounted = true;
    last = undefined;
  };
  const unmount = async (): Promise<void> => {
    // A case whose mount failed must not spoil the next ones.
    if (!mounted) return;
    // A process that was killed closes its files a moment after it has lost its name.
    await retry(async () => runTool('umount', mountPoint));
    mounted = false;
    // A process with mounts of its own, whatever it is, holds copies of ours as long as it lives: the disk is still written to.
    await retry(() => checkFree(device));
  };
  try {
    await runTool(`mkfs.${fileSystem}`, '-q', image);
    await runTool('xfs_io', '-V');
    await mount();
  } catch {
    if (device !== undefined) await runTool('losetup', '--detach', device);
    return undefined;
  }
  /** Sectors written to the disk so far: the kernel's Documentation/block/stat.rst. */
  const written = async (): Promise<string> => {
    const text = await readFile(`/sys/block/${basename(device ?? '')}/stat`, 'utf8');
    return text.trim().split(/\s+/)[6] ?? '';
  };
  const root = join(mountPoint, 'site');
  mkdirSync(root);
  return {
    root,
    async keep(name) {
      await unmount();
      await copyImage(image, join(base, name));
      await mount();
    },
    async restore(name) {
      await unmount();
      await copyImage(join(base, name), image);
      await mount();
    },
    async cutPower() {
      await runTool('xfs_io', '-x', '-c', 'shutdown', mountPoint);
    },
    async powerUp() {
      await unmount();
      await mount();
    },
    async keepNow() {
      const before = await written();
      if (last?.written !== before) {
        const name = `kept-${before}-${(count += 1)}`;
        await copyFile(image, join(base, name), constants.COPYFILE_FICLONE_FORCE);
        last = { name, written: before };
        // What was on its way may be in the copy or not; the next call must not be taken for one of the same disk.
        if ((await written()) !== before) last = { name, written: '' };
        return name;
      }
      return last.name;
    },
    async remove() {
      await unmount();
      if (device !== undefined) await runTool('losetup', '--detach', device);
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** A process that was killed keeps its files for a moment: what they are in the way of is tried again. */
export async function retry(act: () => unknown): Promise<void> {
  for (let attempt = 1; attempt < UNMOUNT_TRIES; attempt += 1) {
    try {
      await act();
      return;
    } catch {
      await sleep(UNMOUNT_PAUSE_MS);
    }
  }
  await act();
}

/** Throws while a file system on it is mounted anywhere: open(2), O_EXCL with block devices. */
function checkFree(device: string | undefined): void {
  if (device !== undefined) closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
}

async function copyImage(from: string, to: string): Promise<void> {
  await runTool('cp', '--reflink=auto', '--sparse=always', '--', from, to);
}
