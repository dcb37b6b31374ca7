import { join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { InstalledRecords, KeptRecord } from './installed.ts';
import { identityAt } from './renames.ts';
import type { DataSafety, UpdatePolicy } from './tools.ts';

export interface RetentionTools {
  readonly files: Files;
  readonly log: Log;
  readonly installed: InstalledRecords;
  readonly data: DataSafety;
  readonly stagingFolder: string;
  /** The live path. */
  readonly bundle: string;
  readonly policy: Pick<UpdatePolicy, 'keepOldMs'>;
}

/** Data that a restore replaced is not kept for ever, however long releases are. */
const LONGEST_KEPT_DATA_MS = 30 * 86_400_000;

/**
 * Removes kept releases whose time is over: each by its recorded folder identity, never by name alone.
 *
 * The folder is first renamed out of the way and its backup deleted, then the record forgets it, then it is deleted itself: a
 * crash at any point leaves something that the next call finishes. Only called while no order runs.
 */
export async function removeExpired(tools: RetentionTools, now: number): Promise<Result<readonly string[]>> {
  const emptied = await emptyTrash(tools);
  if (!emptied.ok) {
    return emptied;
  }
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const expired = record.value.kept.filter(({ keptUntil }) => keptUntil <= now);
  for (const kept of expired) {
    const moved = await moveToTrash(tools, kept);
    if (!moved.ok) {
      return moved;
    }
    const discarded = await discardBackupOf(tools, kept);
    const dropped = discarded.ok ? await forget(tools, kept) : discarded;
    if (!dropped.ok) {
      return dropped;
    }
  }
  const forgotten = await tools.data.expire(now - Math.min(tools.policy.keepOldMs, LONGEST_KEPT_DATA_MS));
  if (!forgotten.ok) {
    return forgotten;
  }
  const removed = expired.length > 0 ? await emptyTrash(tools) : succeed();
  return removed.ok ? succeed(expired.map(({ version }) => version)) : removed;
}

/** While the record still names it: nothing else would ever look for what is left of it. */
async function discardBackupOf({ data }: RetentionTools, { backupId }: KeptRecord): Promise<Result<void>> {
  return backupId === undefined ? succeed() : data.discard(backupId);
}

async function forget({ installed }: RetentionTools, { identity: gone }: KeptRecord): Promise<Result<void>> {
  const record = await installed.read();
  return record.ok
    ? installed.write({ ...record.value, kept: record.value.kept.filter(({ identity }) => identity !== gone) })
    : record;
}

function trashOf({ stagingFolder }: RetentionTools): string {
  return join(stagingFolder, 'expired');
}

/** The folder is ours by name and by place: only `moveToTrash` puts anything there. */
async function emptyTrash(tools: RetentionTools): Promise<Result<void>> {
  return tools.files.removeTree(trashOf(tools));
}

async function moveToTrash(tools: RetentionTools, kept: KeptRecord): Promise<Result<void>> {
  const identity = await identityAt(tools.files, kept.path);
  if (!identity.ok) {
    return identity;
  }
  const live = await identityAt(tools.files, tools.bundle);
  if (!live.ok) {
    return live;
  }
  if (live.value === kept.identity) {
    // A stale record: what it calls kept is what runs. Other updaters have deleted it.
    tools.log.error('a record calls the live release a kept one; it is only forgotten', { path: kept.path });
    return succeed();
  }
  if (identity.value !== kept.identity) {
    // Somebody moved it or put another there: it is not ours to delete.
    tools.log.warn('a kept release is not where it was left; it is only forgotten', { path: kept.path });
    return succeed();
  }
  const made = await tools.files.makeFolder(trashOf(tools), 0o700);
  return made.ok ? tools.files.renameNew(kept.path, join(trashOf(tools), kept.identity)) : made;
}
