import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Bit of CAP_SYS_ADMIN, capabilities(7). */
const SYS_ADMIN = 21n;

/** True where this account was given the right to mount, whether or not the machine then lets it. */
function hasSysAdmin(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> SYS_ADMIN) & 1n) === 1n;
}

/**
 * Says whether tests that need a privileged command run here.
 *
 * Without the right they are left out, loudly; in CI an account that has the right must get it, so that no suite shrinks unseen.
 */
function allowed(what: string, works: () => boolean): boolean {
  if (process.platform === 'linux' && works()) return true;
  if (process.env['CI'] === 'true' && process.platform === 'linux' && hasSysAdmin()) {
    throw new Error(`${what} does not work here although this account has CAP_SYS_ADMIN`);
  }
  process.stderr.write(`not run: needs ${what}\n`);
  return false;
}

export function canMount(): boolean {
  return allowed('mount', () => {
    const { path, remove } = makeTemporaryFolder('mount-probe');
    const mounted = mountTmpfs(path, 'size=64k');
    if (mounted) unmount(path);
    remove();
    return mounted;
  });
}

/** Pid namespaces, unshare(1). */
export function canUnsharePids(): boolean {
  return allowed('unshare', () => spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0);
}

export function mountTmpfs(path: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
}

/**
 * An overlay of `lower` at `path`, as a container has it. Its upper layer is a tmpfs in the empty folder `work`: the folder of the
 * tests may lie on an overlay itself, which cannot be an upper layer.
 */
export function mountOverlay(path: string, lower: string, work: string): boolean {
  mkdirSync(path, { recursive: true });
  if (!mountTmpfs(work, 'size=64m')) return false;
  const options = `lowerdir=${lower},upperdir=${work}/upper,workdir=${work}/work`;
  for (const folder of [`${work}/upper`, `${work}/work`]) mkdirSync(folder, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'overlay', '-o', options, 'overlay', path]).status === 0;
  if (!mounted) unmount(work);
  return mounted;
}

export function unmountOverlay(path: string, work: string): void {
  unmount(path);
  unmount(work);
}

export function canMountOverlay(): boolean {
  return allowed('mount -t overlay', () => {
    const { path, remove } = makeTemporaryFolder('overlay-probe');
    for (const folder of ['lower', 'work']) mkdirSync(`${path}/${folder}`);
    const mounted = mountOverlay(`${path}/at`, `${path}/lower`, `${path}/work`);
    if (mounted) unmountOverlay(`${path}/at`, `${path}/work`);
    remove();
    return mounted;
  });
}

export function unmount(path: string): void {
  spawnSync('umount', ['--lazy', path]);
}

/** Whether a share of another machine can be shown: a kernel without FUSE is nothing that could be installed. */
export function canMountShare(): boolean {
  if (existsSync('/dev/fuse')) return allowed('mount -t fuse', hasSysAdmin);
  process.stderr.write('not run: needs FUSE in the kernel (a network share)\n');
  return false;
}

/** The folder itself becomes a mount point; `options` are what it is mounted anew with, as `ro` or `noexec`. */
export function bindMount(path: string, options?: string): boolean {
  const bound = spawnSync('mount', ['--bind', path, path]).status === 0;
  return bound && (options === undefined || spawnSync('mount', ['-o', `remount,bind,${options}`, path]).status === 0);
}

/** A file system of so many bytes and inodes in a file, for what a tmpfs cannot show. Each command has a deadline. */
export function mountImage(path: string, image: string, bytes: number, inodes: number): boolean {
  writeFileSync(image, '');
  truncateSync(image, bytes);
  const made = spawnSync('mkfs.ext4', ['-q', '-m', '0', '-N', String(inodes), image], { timeout: COMMAND_LIMIT_MS });
  return (
    made.status === 0 && spawnSync('mount', ['-o', 'loop', image, path], { timeout: COMMAND_LIMIT_MS }).status === 0
  );
}

const COMMAND_LIMIT_MS = 20_000;

export function canMountImage(): boolean {
  if (!existsSync('/dev/loop-control')) {
    process.stderr.write('not run: needs loop devices in the kernel (an image of a file system)\n');
    return false;
  }
  return allowed('mount -o loop', () => {
    const { path, remove } = makeTemporaryFolder('image-probe');
    const at = join(path, 'at');
    mkdirSync(at);
    const mounted = mountImage(at, join(path, 'image'), 2_097_152, 32);
    if (mounted) unmount(at);
    remove();
    return mounted;
  });
}
