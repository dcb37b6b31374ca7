import { posix } from 'node:path';
import type { CarryOverRule } from './carry-over.ts';
import { compileFolderPattern, type FoldName } from './pattern.ts';

/** True for the folders (relative to the bundle) directly in which a rule may find something to carry or to rename. */
export type Reaches = (folder: string) => boolean;

/**
 * Where in a bundle the rules may move something: the folders that their patterns can lead into, with all that lies directly in
 * them, for a renamed structure takes its companions along. A rule that only reports reaches nothing.
 */
export function reachOf(rules: readonly CarryOverRule[], fold: FoldName): Reaches {
  const leads = rules
    .filter(({ action }) => action !== 'report')
    .map(({ pattern }) => compileFolderPattern(pattern, fold));
  return (folder) => leads.some((leadsInto) => leadsInto(folder));
}

/** True for what lies directly in such a folder or in the bundle's own. */
export function isWithin(reaches: Reaches, path: string): boolean {
  const folder = posix.dirname(path);
  return folder === '.' || reaches(folder);
}
