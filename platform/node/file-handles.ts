import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { faultOf } from '../fault.ts';
import type { EntryKind, FileFacts, ReadableFile, WritableFile } from '../files.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { attempt, attemptNow } from './errno.ts';
import type { Actor } from './errno.ts';

/** Windows has neither flag; there the `lstat` before the open is all the protection. */
export const NO_FOLLOW = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;
/** Keeps the open of a named pipe from waiting for its other end. */
const NO_WAIT = (constants as Partial<typeof constants>).O_NONBLOCK ?? 0;

export const PRIVATE_FILE_MODE = 0o600;

/** Opens a regular file, never through a link at the last name; anything else is `path-refused`. */
export async function openRegular(
  actor: Actor,
  path: string,
  flags: number,
  mode = PRIVATE_FILE_MODE,
): Promise<Result<FileHandle>> {
  if (NO_FOLLOW === 0) {
    const before = await attempt(actor, 'open', path, () => lstat(path).catch(undefinedWhenAbsent));
    if (!before.ok) return before;
    if (before.value?.isSymbolicLink()) return notRegular(path);
  }
  const opened = await attempt(actor, 'open', path, () => open(path, flags | NO_FOLLOW | NO_WAIT, mode));
  if (!opened.ok) return opened;
  const stats = await attempt(actor, 'fstat', path, () => opened.value.stat());
  if (stats.ok && stats.value.isFile()) return opened;
  await opened.value.close();
  return stats.ok ? notRegular(path) : stats;
}

/** The same in one turn of the event loop; gives the descriptor. */
export function openRegularNow(actor: Actor, path: string, flags: number, mode = PRIVATE_FILE_MODE): Result<number> {
  if (NO_FOLLOW === 0) {
    const before = attemptNow(actor, 'open', path, () => lstatSync(path, { throwIfNoEntry: false }));
    if (!before.ok) return before;
    if (before.value?.isSymbolicLink()) return notRegular(path);
  }
  const opened = attemptNow(actor, 'open', path, () => openSync(path, flags | NO_FOLLOW | NO_WAIT, mode));
  if (!opened.ok) return opened;
  const stats = attemptNow(actor, 'fstat', path, () => fstatSync(opened.value));
  if (stats.ok && stats.value.isFile()) return opened;
  closeSync(opened.value);
  return stats.ok ? notRegular(path) : stats;
}

/** `catch` handler: an absent entry is an answer, every other failure is thrown on. */
export function undefinedWhenAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

function notRegular(path: string): Result<never> {
  return fail(faultOf('path-refused', 'not a regular file', { path, operation: 'open' }));
}

/** Facts from a `lstat`/`fstat` with 64-bit numbers. */
export function factsOf(stats: BigIntStats): FileFacts {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mode: Number(stats.mode & 0o7777n),
    owner: Number(stats.uid),
    group: Number(stats.gid),
    modifiedMs: Number(stats.mtimeNs) / 1e6,
    changedMs: Number(stats.ctimeNs) / 1e6,
    inode: stats.ino.toString(),
    device: stats.dev.toString(),
    links: Number(stats.nlink),
  };
}

function kindOf(stats: BigIntStats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** Writes all bytes, at `position` or (null) where the file stands; write(2) may take fewer at a time. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = position === null ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}

export function readableFile(actor: Actor, path: string, handle: FileHandle): ReadableFile {
  return {
    read: async (buffer, position) => {
      const read = await attempt(actor, 'read', path, () => handle.read(buffer, 0, buffer.length, position));
      return read.ok ? succeed(read.value.bytesRead) : read;
    },
    facts: async () => {
      const stats = await attempt(actor, 'fstat', path, () => handle.stat({ bigint: true }));
      return stats.ok ? succeed(factsOf(stats.value)) : stats;
    },
    close: () => handle.close(),
  };
}

/** A file that is written from `start` on; positions are our own, so that `truncate` can step back. */
export function writableFile(actor: Actor, path: string, handle: FileHandle, start: number): WritableFile {
  let position = start;
  let open = true;
  return {
    write: async (bytes) => {
      const written = await attempt(actor, 'write', path, () => writeAll(handle, bytes, position));
      if (written.ok) position += bytes.length;
      return written;
    },
    truncate: async (size) => {
      const cut = await attempt(actor, 'ftruncate', path, () => handle.truncate(size));
      if (cut.ok) position = size;
      return cut;
    },
    sync: () => attempt(actor, 'fsync', path, () => handle.sync()),
    close: async () => {
      if (!open) return succeed();
      open = false;
      return attempt(actor, 'close', path, () => handle.close());
    },
  };
}
