import type { FileManifest, ManifestEntry } from '../release.ts';
import type { CarryOverRule } from './carry-over.ts';
import { compilePattern, type FoldName } from './pattern.ts';

/** One entry as it lies in a bundle now. `path` is relative to the bundle, with `/`. */
export type BundleEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      /** Undefined where the size alone tells it from what was shipped, and nothing carries it. */
      readonly sha256?: string;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'other'; readonly path: string };

/** Entries by name, as the bundle's volume compares names. */
export interface EntryIndex<Entry> {
  get(path: string): Entry | undefined;
  has(path: string): boolean;
  readonly entries: readonly Entry[];
}

export function indexEntries<Entry extends { readonly path: string }>(
  entries: readonly Entry[],
  fold: FoldName,
): EntryIndex<Entry> {
  const byName = new Map(entries.map((entry) => [fold(entry.path), entry]));
  return { get: (path) => byName.get(fold(path)), has: (path) => byName.has(fold(path)), entries };
}

export function indexManifest(manifest: FileManifest, fold: FoldName): EntryIndex<ManifestEntry> {
  return indexEntries(manifest.entries, fold);
}

/** The rule of a path: the first that matches. */
export type RuleOf = (path: string) => CarryOverRule | undefined;

export function compileRules(rules: readonly CarryOverRule[], fold: FoldName): RuleOf {
  const compiled = rules.map((rule) => ({ rule, matches: compilePattern(rule.pattern, fold) }));
  return (path) => compiled.find(({ matches }) => matches(path))?.rule;
}

export type CarryingRule = CarryOverRule & { readonly action: 'always' | 'changed' };

/** True for the rules whose files may be carried as they are. */
export function carries(rule: CarryOverRule | undefined): rule is CarryingRule {
  return rule?.action === 'always' || rule?.action === 'changed';
}

/** Same content: bytes of a file, target of a link. Folders and everything else never differ by content. */
export function sameContent(one: BundleEntry | ManifestEntry, other: BundleEntry | ManifestEntry | undefined): boolean {
  if (other?.kind !== one.kind) return false;
  if (one.kind === 'file' && other.kind === 'file') return one.size === other.size && one.sha256 === other.sha256;
  if (one.kind === 'link' && other.kind === 'link') return one.target === other.target;
  return true;
}

/** Paths of the folders above an entry, outermost first. */
export function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
