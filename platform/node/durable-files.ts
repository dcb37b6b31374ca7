import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { unfinishedName } from '../unfinished-writes.ts';
import { attempt } from './errno.ts';
import type { Actor } from './errno.ts';
import { openRegular, PRIVATE_FILE_MODE, writeAll } from './file-handles.ts';
import { retryWhileHeld } from './retry-while-held.ts';

/** Windows cannot flush a folder (FlushFileBuffers wants a writable file handle); NTFS journals its names itself. */
export async function syncFolder(actor: Actor, path: string): Promise<Result<void>> {
  if (actor.operatingSystem === 'windows') return succeed();
  return attempt(actor, 'fsync', path, async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Temporary file beside the target, fsync, rename over it, fsync of the folder; the temporary file never stays behind. */
export async function writeDurably(
  actor: Actor,
  clock: Clock,
  path: string,
  content: Uint8Array | string,
  mode = PRIVATE_FILE_MODE,
): Promise<Result<void>> {
  const temporary = unfinishedName(path, randomBytes(6).toString('hex'));
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const opened = await openRegular(actor, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!opened.ok) return opened;
  const written = await fillAndClose(actor, path, opened.value, content, mode);
  const renamed = written.ok
    ? await retryWhileHeld(actor, clock, 'rename', path, () => rename(temporary, path))
    : written;
  if (!renamed.ok) {
    await unlink(temporary).catch(() => undefined);
    return renamed;
  }
  return syncFolder(actor, dirname(path));
}

async function fillAndClose(
  actor: Actor,
  path: string,
  handle: FileHandle,
  content: Uint8Array | string,
  mode: number,
): Promise<Result<void>> {
  const filled = await attempt(actor, 'write', path, async () => {
    if (actor.operatingSystem !== 'windows') await handle.chmod(mode); // the umask must not decide
    await writeAll(handle, bytesOf(content), null);
    await handle.sync();
  });
  const closed = await attempt(actor, 'close', path, () => handle.close());
  return filled.ok ? closed : filled;
}

export type AppendDurably = (path: string, content: Uint8Array | string, mode?: number) => Promise<Result<void>>;

/** Folders whose entry we know to be on disk, at most; beyond it we merely sync once more. */
const REMEMBERED_PATHS = 1_000;

/** Appends with fsync. A write that fails half-way is cut off again, so that no torn line stays in front of the next one. */
export function createDurableAppend(actor: Actor): AppendDurably {
  const known = new Set<string>();
  return async (path, content, mode = PRIVATE_FILE_MODE) => {
    const { O_WRONLY, O_CREAT, O_APPEND } = constants;
    const opened = await openRegular(actor, path, O_WRONLY | O_CREAT | O_APPEND, mode);
    if (!opened.ok) return opened;
    const appended = await appendOrCutBack(actor, path, opened.value, bytesOf(content));
    if (!appended.ok || known.has(path)) return appended;
    const synced = await syncFolder(actor, dirname(path));
    if (known.size >= REMEMBERED_PATHS) known.clear();
    if (synced.ok) known.add(path);
    return synced;
  };
}

async function appendOrCutBack(
  actor: Actor,
  path: string,
  handle: FileHandle,
  bytes: Uint8Array,
): Promise<Result<void>> {
  let before: number | undefined;
  const appended = await attempt(actor, 'append', path, async () => {
    before = (await handle.stat()).size;
    await writeAll(handle, bytes, null);
    await handle.sync();
  });
  if (!appended.ok && before !== undefined) await handle.truncate(before).catch(() => undefined);
  const closed = await attempt(actor, 'close', path, () => handle.close());
  return appended.ok ? closed : appended;
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
}
