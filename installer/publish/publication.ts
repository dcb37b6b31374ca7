import type { Buffer } from 'node:buffer';
import { dirname, join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { InstanceLocks } from '../../platform/instance-lock.ts';
import type { Machine } from '../../platform/machine.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { SignedFile } from '../release.ts';
import { metadataFile, targetFile } from '../repository/layout.ts';
import type { KeyStore } from './keys.ts';
import { type TrustedRepository, loadTrusted } from './trusted.ts';
import { type SignedFileContent } from './signed-metadata.ts';

/** What publishing takes of the machine. */
export interface PublishDependencies {
  readonly files: Files;
  readonly clock: Clock;
  readonly locks: InstanceLocks;
  readonly machine: Pick<Machine, 'temporaryFolder'>;
}

/** Lock and half-made files; closed to others, and no part of the repository that is served. */
const WORK_FOLDER = '.publishing';
/** The trusted root in the vendor's keys folder: the anchor for publishing, and what the launcher embeds. */
const ANCHOR_NAME = 'root.json';
const ANCHOR_LIMIT = 512 * 1024;

/** What is published is for everybody to read. */
const PUBLIC_FILE = 0o644;
export const PUBLIC_FOLDER = 0o755;

export function anchorPath(keysFolder: string): string {
  return join(keysFolder, ANCHOR_NAME);
}

/** Reads the vendor's trusted root. */
export function readAnchor(files: Files, path: string): Promise<Result<Buffer>> {
  return files.readBytes(path, ANCHOR_LIMIT);
}

/** Loads the repository from the anchor beside the keys: what this vendor signed himself, and nothing else. */
export async function loadOwn(files: Files, repository: string, keys: KeyStore): Promise<Result<TrustedRepository>> {
  const anchor = await readAnchor(files, anchorPath(keys.folder));
  return anchor.ok ? loadTrusted(files, repository, anchor.value) : anchor;
}

/**
 * Runs `act` as the only publisher of this repository, with an empty private folder for half-made files.
 *
 * Errors: `folder-missing`, `update-running` when another publisher is at work, and those of `act`.
 */
export async function publishAlone<Value>(
  dependencies: PublishDependencies,
  repository: string,
  act: (workFolder: string) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const { files, locks } = dependencies;
  const there = await files.facts(repository);
  if (!there.ok) return there;
  if (there.value?.kind !== 'folder')
    return fail(faultOf('folder-missing', 'there is no repository', { path: repository }));
  const folder = join(repository, WORK_FOLDER);
  const made = await files.makeFolder(folder, 0o700);
  if (!made.ok) return made;
  const lock = await locks.acquire(folder);
  if (!lock.ok) {
    if (lock.fault.code !== 'launcher-running') return lock;
    return fail(faultOf('update-running', 'somebody else is publishing here', { path: repository, cause: lock.fault }));
  }
  try {
    const workFolder = join(folder, 'work');
    const emptied = await files.removeTree(workFolder);
    const opened = emptied.ok ? await files.makeNewFolder(workFolder, 0o700) : emptied;
    if (!opened.ok) return opened;
    const outcome = await act(workFolder);
    await files.removeTree(workFolder);
    return outcome;
  } finally {
    await lock.value.release();
  }
}

/** Moves a finished target file to its place under its digest; what is there already under that digest and length stays. */
export async function placeTarget(
  files: Files,
  repository: string,
  target: SignedFile,
  from: string,
): Promise<Result<void>> {
  const path = join(repository, targetFile(target));
  const there = await files.facts(path);
  if (!there.ok) return there;
  if (there.value !== undefined) {
    const digest = await files.digest(path);
    if (digest.ok && digest.value === target.sha256) return succeed();
    const removed = await files.remove(path);
    if (!removed.ok) return removed;
  }
  const folder = await files.makeFolder(dirname(path), PUBLIC_FOLDER);
  if (!folder.ok) return folder;
  const opened = await files.setMode(from, PUBLIC_FILE);
  return opened.ok ? files.renameNew(from, path) : opened;
}

/**
 * Writes metadata files one after the other, each atomically, in the given order.
 *
 * The timestamp has to come last: until it is replaced, a client sees the old repository, afterwards the new one
 * (TUF 1.0 §6.2); a file that a killed publisher left behind is named by nothing and overwritten the next time.
 */
export async function writeMetadata(
  files: Files,
  repository: string,
  contents: readonly SignedFileContent[],
): Promise<Result<void>> {
  for (const content of contents) {
    const path = join(repository, metadataFile(content.role, content.version));
    const folder = await files.makeFolder(dirname(path), PUBLIC_FOLDER);
    if (!folder.ok) return folder;
    const written = await files.writeDurably(path, content.bytes, PUBLIC_FILE);
    if (!written.ok) return written;
  }
  return succeed();
}
