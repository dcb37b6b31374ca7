import { dirname } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { folderIdentity } from './facts.ts';

/** One folder on its way: which one (by identity, not by name), from where, to where. */
export interface FolderRename {
  readonly identity: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Makes the renames in order. Safe to repeat after a crash anywhere: what already lies at its target is left there.
 *
 * A folder that lies at neither end is `bundle-missing`; a foreign folder in the way is `already-exists`.
 */
export async function makeRenames(files: Files, renames: readonly FolderRename[]): Promise<Result<void>> {
  for (const rename of renames) {
    const moved = await moveTo(files, rename.identity, rename.from, rename.to);
    if (!moved.ok) {
      return moved;
    }
  }
  return succeed();
}

/** The same way back, last first; equally safe to repeat. */
export async function undoRenames(files: Files, renames: readonly FolderRename[]): Promise<Result<void>> {
  for (const rename of renames.toReversed()) {
    const moved = await moveTo(files, rename.identity, rename.to, rename.from);
    if (!moved.ok) {
      return moved;
    }
  }
  return succeed();
}

async function moveTo(files: Files, identity: string, from: string, to: string): Promise<Result<void>> {
  const target = await identityAt(files, to);
  if (!target.ok) {
    return target;
  }
  if (target.value === identity) {
    return syncParents(files, from, to);
  }
  const source = await identityAt(files, from);
  if (!source.ok) {
    return source;
  }
  if (source.value !== identity) {
    return fail(
      faultOf('bundle-missing', `the folder to move to ${to} is not there any more`, {
        path: from,
        operation: 'rename',
      }),
    );
  }
  return files.renameNew(from, to);
}

/**
 * Forces the names of a rename that was made earlier to disk: that try may have failed or been cut off before its own fsync,
 * and who goes on from here says that it is done.
 */
async function syncParents(files: Files, from: string, to: string): Promise<Result<void>> {
  const target = await files.syncFolder(dirname(to));
  if (!target.ok || dirname(from) === dirname(to)) {
    return target;
  }
  const source = await files.syncFolder(dirname(from));
  // Where the folder came from may have been removed since, for good.
  return source.ok || source.fault.code !== 'not-found' ? source : succeed();
}

/** The identity of the folder at `path`; undefined when nothing is there. */
export async function identityAt(files: Files, path: string): Promise<Result<string | undefined>> {
  const facts = await files.facts(path);
  return facts.ok ? succeed(facts.value === undefined ? undefined : folderIdentity(facts.value)) : facts;
}
