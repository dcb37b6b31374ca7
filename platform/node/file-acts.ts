import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, mkdir, statfs, unlink, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { faultOf } from '../fault.ts';
import type { VolumeSpace, WritableFile } from '../files.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { syncFolder } from './durable-files.ts';
import { attempt, isErrno } from './errno.ts';
import type { Actor } from './errno.ts';
import { openRegular, writableFile } from './file-handles.ts';

/** Most files of a bundle are shorter than the first piece: a large one for each of them costs more than all the reading. */
const FIRST_DIGEST_PIECE_BYTES = 16 * 1024;
const DIGEST_PIECE_BYTES = 1024 * 1024;
const READ_PIECE_BYTES = 64 * 1024;

/** The whole content of a regular file, at most `limit` bytes, even if it grows meanwhile. */
export async function readBytes(actor: Actor, path: string, limit: number): Promise<Result<Buffer>> {
  const opened = await openRegular(actor, path, constants.O_RDONLY);
  if (!opened.ok) return opened;
  const handle = opened.value;
  try {
    const stats = await attempt(actor, 'fstat', path, () => handle.stat());
    if (!stats.ok) return stats;
    if (stats.value.size > limit) return tooLarge(path, limit);
    const read = await attempt(actor, 'read', path, () => readUpTo(handle, limit + 1, stats.value.size));
    return read.ok && read.value.length > limit ? tooLarge(path, limit) : read;
  } finally {
    await handle.close();
  }
}

/** Files of /proc and /sys say size 0, so that the end is where read(2) says so. */
async function readUpTo(handle: FileHandle, most: number, expected: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < most) {
    const piece = Buffer.allocUnsafe(Math.min(most - total, Math.max(expected - total + 1, READ_PIECE_BYTES)));
    const { bytesRead } = await handle.read(piece, 0, piece.length, total);
    if (bytesRead === 0) break;
    pieces.push(piece.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(pieces, total);
}

function tooLarge(path: string, limit: number): Result<never> {
  return fail(faultOf('too-large', 'larger than it may be', { path, operation: 'read', values: { limit } }));
}

export async function openWritable(
  actor: Actor,
  path: string,
  options: { readonly mode?: number; readonly start: 'empty' | 'end' },
): Promise<Result<WritableFile>> {
  // Not O_TRUNC: the file is emptied only once it is known to be a regular one.
  const opened = await openRegular(actor, path, constants.O_RDWR | constants.O_CREAT, options.mode);
  if (!opened.ok) return opened;
  const handle = opened.value;
  const start = await attempt(actor, 'open', path, async () => {
    if (options.start === 'end') return (await handle.stat()).size;
    await handle.truncate(0);
    return 0;
  });
  if (start.ok) return succeed(writableFile(actor, path, handle, start.value));
  await handle.close();
  return start;
}

/** mkdir -p; sets the mode on those it creates and syncs their parents, so that what is written below stays findable. */
export async function makeFolder(actor: Actor, path: string, mode?: number): Promise<Result<void>> {
  const made = await attempt(actor, 'mkdir', path, () =>
    mkdir(path, { recursive: true, ...(mode === undefined ? {} : { mode }) }),
  );
  if (!made.ok || made.value === undefined) return made.ok ? succeed() : made;
  for (const folder of createdFolders(resolve(made.value), resolve(path))) {
    if (mode !== undefined) {
      const set = await attempt(actor, 'chmod', folder, () => chmod(folder, mode));
      if (!set.ok) return set;
    }
    const synced = await syncFolder(actor, dirname(folder));
    if (!synced.ok) return synced;
  }
  return succeed();
}

function createdFolders(first: string, last: string): readonly string[] {
  const names = relative(first, last)
    .split(sep)
    .filter((name) => name !== '');
  return [first, ...names.map((_, index) => resolve(first, ...names.slice(0, index + 1)))];
}

/** Bytes, mode, time of change, and the owner where the account may set it; clones where the file system can (FICLONE). */
export async function copyOne(actor: Actor, from: string, to: string): Promise<Result<void>> {
  const source = await attempt(actor, 'lstat', from, () => lstat(from));
  if (!source.ok) return source;
  if (!source.value.isFile())
    return fail(faultOf('path-refused', 'not a regular file', { path: from, operation: 'copy' }));
  const copied = await attempt(actor, 'copy', to, () =>
    copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
  );
  if (!copied.ok) return copied;
  const { uid, gid, mode, atime, mtime } = source.value;
  const dressed = await attempt(actor, 'copy', to, async () => {
    await lchown(to, uid, gid).catch(ignoreForbidden);
    if (actor.operatingSystem !== 'windows') await chmod(to, mode & 0o7777); // after chown, which clears setuid bits
    await utimes(to, atime, mtime);
  });
  if (!dressed.ok) await unlink(to).catch(() => undefined);
  return dressed;
}

/** Only the super-user gives files away (chown(2)); others keep the copy as their own. */
function ignoreForbidden(error: unknown): void {
  if (!isErrno(error) || error.code !== 'EPERM') throw error;
}

/** chmod(2) follows links, so that the entry is opened without following and changed by its handle where it can be read. */
export async function setMode(actor: Actor, path: string, mode: number): Promise<Result<void>> {
  const stats = await attempt(actor, 'lstat', path, () => lstat(path));
  if (!stats.ok) return stats;
  if (stats.value.isSymbolicLink())
    return fail(faultOf('path-refused', 'a link has no mode', { path, operation: 'chmod' }));
  const opened = stats.value.isFile() ? await openRegular(actor, path, constants.O_RDONLY) : undefined;
  if (opened?.ok !== true) return attempt(actor, 'chmod', path, () => chmod(path, mode));
  try {
    return await attempt(actor, 'chmod', path, () => opened.value.chmod(mode));
  } finally {
    await opened.value.close();
  }
}

/** Free space for this account on the volume of an existing path; file systems without fixed inodes report 0 of 0. */
export async function space(actor: Actor, path: string): Promise<Result<VolumeSpace>> {
  return attempt(actor, 'statfs', path, async () => {
    const [volume, stats] = await Promise.all([statfs(path, { bigint: true }), lstat(path, { bigint: true })]);
    return {
      device: stats.dev.toString(),
      freeBytes: Number(volume.bavail * volume.bsize),
      totalBytes: Number(volume.blocks * volume.bsize),
      ...(volume.files === 0n ? {} : { freeInodes: Number(volume.ffree) }),
    };
  });
}

/** SHA-256 of a regular file, lower-case hex. */
export async function digest(actor: Actor, path: string): Promise<Result<string>> {
  const opened = await openRegular(actor, path, constants.O_RDONLY);
  if (!opened.ok) return opened;
  const handle = opened.value;
  try {
    return await attempt(actor, 'read', path, async () => {
      const hash = createHash('sha256');
      let piece = Buffer.allocUnsafe(FIRST_DIGEST_PIECE_BYTES);
      for (let position = 0; ;) {
        const { bytesRead } = await handle.read(piece, 0, piece.length, position);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(piece.subarray(0, bytesRead));
        position += bytesRead;
        if (position === FIRST_DIGEST_PIECE_BYTES) piece = Buffer.allocUnsafe(DIGEST_PIECE_BYTES);
      }
    });
  } finally {
    await handle.close();
  }
}
