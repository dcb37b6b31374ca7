import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { EntryKind, Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** What 4D keeps beside a data file under the same name; they only fit together. */
const COMPANION_EXTENSIONS = new Set(['.4dindx', '.match', '.journal']);

/** One data path as it is backed up: a file or a folder. */
export interface DataRoot {
  readonly source: string;
  readonly kind: Extract<EntryKind, 'file' | 'folder'>;
}

/**
 * The data paths, each once, with the companions of `.4DD` files; paths inside of others are left to those.
 *
 * `data-backup-failed` names a path that is missing, a link, or holds the backup's own folder.
 */
export async function findRoots(
  files: Files,
  paths: readonly string[],
  backupFolder?: string,
): Promise<Result<readonly DataRoot[]>> {
  const sources: string[] = [];
  for (const path of paths.map((each) => resolve(each))) {
    const companions = await companionsOf(files, path);
    if (!companions.ok) return companions;
    sources.push(path, ...companions.value);
  }
  const roots: DataRoot[] = [];
  for (const source of outermost(sources)) {
    const facts = await files.facts(source);
    if (!facts.ok) return facts;
    const kind = facts.value?.kind;
    if (kind === undefined) return refused(source, 'the data path does not exist');
    if (kind !== 'file' && kind !== 'folder') return refused(source, 'the data path is neither a file nor a folder');
    if (backupFolder !== undefined && isWithin(resolve(backupFolder), source)) {
      return refused(source, 'the backup folder lies inside of this data path');
    }
    roots.push({ source, kind });
  }
  return succeed(roots);
}

/** Files beside a `.4DD` with its name that belong to it. */
export async function companionsOf(files: Files, path: string): Promise<Result<readonly string[]>> {
  if (extname(path).toLowerCase() !== '.4dd') return succeed([]);
  const names = await files.list(dirname(path));
  if (!names.ok) return names.fault.code === 'not-found' ? succeed([]) : names;
  const stem = basename(path, extname(path)).toLowerCase();
  const belongs = (name: string): boolean =>
    COMPANION_EXTENSIONS.has(extname(name).toLowerCase()) && basename(name, extname(name)).toLowerCase() === stem;
  return succeed(names.value.filter(belongs).map((name) => join(dirname(path), name)));
}

function outermost(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => other !== path && isWithin(path, other)));
}

/** True for `folder` itself and everything below it. */
function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path);
}

function refused(path: string, detail: string): Result<never> {
  return fail(faultOf('data-backup-failed', detail, { path, operation: 'backup' }));
}
