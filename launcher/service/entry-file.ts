import path from 'node:path';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { foreignService, OWNER_MARK, type ServiceReport } from './service.ts';

/** Units and property lists are a few KB. */
const ENTRY_LIMIT_BYTES = 256 * 1024;
const ENTRY_MODE = 0o644;

/** An entry was written; `undo` puts back what was there. */
export interface WrittenEntry {
  readonly change: ServiceReport['change'];
  readonly undo: () => Promise<Result<void>>;
}

export interface EntryFileRequest {
  readonly name: string;
  readonly file: string;
  readonly content: string;
  readonly mayTakeOver: boolean;
  /** Where a foreign entry is kept until `restoreEntry`. */
  readonly keptFile: string;
}

/** Writes an entry unless it would overwrite somebody else's (`already-exists`). */
export async function writeEntry(files: Files, request: EntryFileRequest): Promise<Result<WrittenEntry>> {
  const present = await readEntry(files, request.file);
  if (!present.ok) return present;
  const before = present.value;
  const foreign = before !== undefined && !isOurs(before);
  if (foreign && !request.mayTakeOver) return fail(foreignService(request.name, request.file));
  if (before === request.content) return succeed({ change: 'unchanged', undo: () => Promise.resolve(succeed()) });
  if (foreign) {
    const kept = await keep(files, request.keptFile, before);
    if (!kept.ok) return kept;
  }
  const written = await files.writeDurably(request.file, request.content, ENTRY_MODE);
  if (!written.ok) return written;
  return succeed({
    change: before === undefined ? 'created' : foreign ? 'taken-over' : 'replaced',
    undo: () =>
      before === undefined ? files.remove(request.file) : files.writeDurably(request.file, before, ENTRY_MODE),
  });
}

async function keep(files: Files, keptFile: string, content: string): Promise<Result<void>> {
  const folder = await files.makeFolder(path.dirname(keptFile), 0o700);
  return folder.ok ? files.writeDurably(keptFile, content, 0o600) : folder;
}

/** Removes our entry; the one that it had taken over comes back. */
export async function restoreEntry(files: Files, file: string, keptFile: string): Promise<Result<void>> {
  const kept = await readEntry(files, keptFile);
  if (!kept.ok) return kept;
  if (kept.value === undefined) return files.remove(file);
  const restored = await files.writeDurably(file, kept.value, ENTRY_MODE);
  return restored.ok ? files.remove(keptFile) : restored;
}

/** Undefined when there is none. */
export async function readEntry(files: Files, file: string): Promise<Result<string | undefined>> {
  const content = await files.readText(file, ENTRY_LIMIT_BYTES);
  if (content.ok) return content;
  return content.fault.code === 'not-found' ? succeed(undefined) : content;
}

export function isOurs(content: string): boolean {
  return content.includes(OWNER_MARK);
}
