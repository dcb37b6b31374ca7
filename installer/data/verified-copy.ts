import type { FileFacts, Files } from '../../platform/files.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** Somebody may write while we read: so often a copy is made again. */
const COPY_ATTEMPTS = 3;

export interface VerifiedCopyRequest {
  readonly from: string;
  readonly to: string;
  /** On the same volume as `to`; whatever a crash left there is replaced. */
  readonly temporary: string;
  readonly attempts?: number;
}

export interface VerifiedCopy {
  readonly sha256: string;
  /** Of the source, taken before the first byte was read, so that any later write shows. */
  readonly facts: FileFacts;
  readonly ownerKept: boolean;
}

/**
 * Copies a file to a temporary name, compares bytes, mode and owner, forces it to disk, and only then gives it its name.
 *
 * Replaces what has that name. Safe to repeat after any interruption. `unsteady` when the source never held still.
 */
export async function copyVerified(
  files: Files,
  request: VerifiedCopyRequest,
): Promise<Result<VerifiedCopy | 'unsteady'>> {
  const { attempts = COPY_ATTEMPTS } = request;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const copied = await copyOnce(files, request);
    if (!copied.ok) return copied;
    if (copied.value === 'unsteady') continue;
    const published = await publish(files, request);
    return published.ok ? copied : published;
  }
  const removed = await files.remove(request.temporary);
  return removed.ok ? succeed('unsteady') : removed;
}

async function copyOnce(files: Files, request: VerifiedCopyRequest): Promise<Result<VerifiedCopy | 'unsteady'>> {
  const { from, temporary } = request;
  const cleared = await files.remove(temporary);
  if (!cleared.ok) return cleared;
  const facts = await existingFacts(files, from);
  if (!facts.ok) return facts;
  const copied = await files.copyFile(from, temporary);
  if (!copied.ok) return copied;
  const synced = await syncFile(files, temporary, facts.value.mode);
  if (!synced.ok) return synced;
  const [original, copy] = [await files.digest(from), await files.digest(temporary)];
  if (!original.ok) return original;
  if (!copy.ok) return copy;
  const now = await existingFacts(files, temporary);
  if (!now.ok) return now;
  if (original.value !== copy.value || now.value.mode !== facts.value.mode) return succeed('unsteady');
  return succeed({ sha256: copy.value, facts: facts.value, ownerKept: now.value.owner === facts.value.owner });
}

/** Forces the content to disk; a read-only copy is opened up for the moment, because Windows flushes writable handles only. */
async function syncFile(files: Files, path: string, mode: number): Promise<Result<void>> {
  const readOnly = (mode & 0o200) === 0;
  if (readOnly) {
    const opened = await files.setMode(path, mode | 0o200);
    if (!opened.ok) return opened;
  }
  const file = await files.openWritable(path, { start: 'end' });
  if (!file.ok) return file;
  const synced = await file.value.sync();
  const closed = await file.value.close();
  if (!synced.ok || !closed.ok) return synced.ok ? closed : synced;
  return readOnly ? files.setMode(path, mode) : succeed();
}

async function publish(files: Files, { temporary, to }: VerifiedCopyRequest): Promise<Result<void>> {
  const removed = await files.remove(to);
  if (!removed.ok) return removed;
  return files.renameNew(temporary, to);
}

/** Facts of something that must be there; `not-found` otherwise. */
export async function existingFacts(files: Files, path: string): Promise<Result<FileFacts>> {
  const facts = await files.facts(path);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return fail(faultOf('not-found', 'nothing there', { path, operation: 'lstat' }));
  return succeed(facts.value);
}
