import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { demandStatus, type Ground } from './fault-site.ts';

export const FILE_SYSTEMS = ['ext4', 'xfs'] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];

/** A file system of its own in an image file, whose machine can lose its power. */
export interface ImageGround extends Ground {
  /** From this moment on nothing reaches the disk; what had not is lost. */
  cutPower(): void;
  /** The machine comes up again: the journal of the file system is replayed, its device has another number. */
  powerUp(): void;
}

/** Bytes; xfs takes no less. */
const IMAGE_BYTES = 320 * 1024 * 1024;
const UNMOUNT_TRIES = 300;
const UNMOUNT_PAUSE_SECONDS = '0.1';
/** ext4 writes its own journal this often anyway, so that only data that was synced is safe, not everything by luck. */
const MOUNT_OPTIONS: Readonly<Record<FileSystem, string>> = { ext4: 'commit=1', xfs: 'defaults' };

/** undefined where this machine cannot mount, or lacks a tool: said by whoever asked. */
export function imageGround(base: string, fileSystem: FileSystem): ImageGround | undefined {
  const [image, mountPoint] = [join(base, 'disk'), join(base, 'mounted')];
  mkdirSync(mountPoint, { recursive: true });
  run('truncate', '-s', String(IMAGE_BYTES), image);
  let device: string | undefined;
  let mounted = false;
  const mount = (): void => {
    // The new device first: then it cannot get the old one's number, as after a real start of a machine.
    const next = run('losetup', '--find', '--show', image).trim();
    if (device !== undefined) run('losetup', '--detach', device);
    device = next;
    run('mount', '-t', fileSystem, '-o', MOUNT_OPTIONS[fileSystem], device, mountPoint);
    mounted = true;
  };
  const unmount = (): void => {
    // A case whose mount failed must not spoil the next ones.
    if (!mounted) return;
    // A process that was killed closes its files a moment after it has lost its name.
    retry(() => run('umount', mountPoint));
    mounted = false;
    // A process with mounts of its own, whatever it is, holds copies of ours as long as it lives: the disk is still written to.
    retry(() => checkFree(device));
  };
  try {
    run(`mkfs.${fileSystem}`, '-q', image);
    run('xfs_io', '-V');
    mount();
  } catch {
    if (device !== undefined) run('losetup', '--detach', device);
    return undefined;
  }
  const root = join(mountPoint, 'site');
  mkdirSync(root);
  return {
    root,
    keep(name) {
      unmount();
      copyImage(image, join(base, name));
      mount();
    },
    restore(name) {
      unmount();
      copyImage(join(base, name), image);
      mount();
    },
    cutPower: () => void run('xfs_io', '-x', '-c', 'shutdown', mountPoint),
    powerUp() {
      unmount();
      mount();
    },
    remove() {
      unmount();
      if (device !== undefined) run('losetup', '--detach', device);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function retry(act: () => void): void {
  for (let attempt = 1; attempt < UNMOUNT_TRIES; attempt += 1) {
    try {
      act();
      return;
    } catch {
      spawnSync('sleep', [UNMOUNT_PAUSE_SECONDS]);
    }
  }
  act();
}

/** Throws while a file system on it is mounted anywhere: open(2), O_EXCL with block devices. */
function checkFree(device: string | undefined): void {
  if (device !== undefined) closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
}

function copyImage(from: string, to: string): void {
  run('cp', '--sparse=always', '--', from, to);
}

function run(command: string, ...args: readonly string[]): string {
  const ended = spawnSync(command, args, { encoding: 'utf8' });
  demandStatus(ended);
  return ended.stdout;
}
