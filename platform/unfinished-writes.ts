import { basename, dirname, join } from 'node:path';
import type { Files } from './files.ts';

const UNFINISHED = /^\.(.+)\.[0-9a-f]{12}\.tmp$/;

/** The name under which a durable write prepares its file; `unique` is twelve hexadecimal digits. */
export function unfinishedName(path: string, unique: string): string {
  return join(dirname(path), `.${basename(path)}.${unique}.tmp`);
}

/** The name that the file would have got, when this is one that a durable write prepares; otherwise the name itself. */
export function finishedName(name: string): string {
  return UNFINISHED.exec(name)?.[1] ?? name;
}

/**
 * Removes what durable writes left that were cut off before their rename, in the folder and `depth` levels below.
 *
 * Only while nobody writes there: a launcher calls it when it has taken the lock of its state folder. What cannot be
 * looked at is left alone: it harms nothing.
 */
export async function removeUnfinishedWrites(files: Files, folder: string, depth: number): Promise<void> {
  const names = await files.list(folder);
  for (const name of names.ok ? names.value : []) {
    const path = join(folder, name);
    const facts = await files.facts(path);
    const kind = facts.ok ? facts.value?.kind : undefined;
    if (kind === 'file' && UNFINISHED.test(name)) {
      await files.remove(path);
    }
    if (kind === 'folder' && depth > 0) {
      await removeUnfinishedWrites(files, path, depth - 1);
    }
  }
}
