import type { FileFacts, Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { findRoots } from './roots.ts';
import { existingFacts } from './verified-copy.ts';

/** Bytes that a backup of these paths needs, for preflight. `data-backup-failed` names a missing path. */
export async function estimateDataBackup(files: Files, paths: readonly string[]): Promise<Result<number>> {
  const roots = await findRoots(files, paths);
  if (!roots.ok) return roots;
  let bytes = 0;
  for (const { source, kind } of roots.value) {
    const facts = await existingFacts(files, source);
    if (!facts.ok) return facts;
    if (kind === 'file') bytes += facts.value.size;
    else for await (const entry of files.walk(source)) bytes += entry.ok ? sizeOf(entry.value.facts) : 0;
  }
  return succeed(bytes);
}

function sizeOf(facts: FileFacts): number {
  return facts.kind === 'file' ? facts.size : 0;
}
