import type { FileManifest, ManifestEntry } from '../release.ts';
import type { CarryOverReport, CarryOverRule } from './carry-over.ts';
import type { BundleEntry, EntryIndex, RuleOf } from './entries.ts';
import { compileRules, indexEntries, indexManifest } from './entries.ts';
import type { FoldName } from './pattern.ts';

export interface PlanInput {
  readonly rules: readonly CarryOverRule[];
  readonly installed: readonly BundleEntry[];
  /** What lies in the staged bundle where a rule carries; it differs from `next` once a first pass has run. */
  readonly staged: readonly BundleEntry[];
  readonly shipped?: FileManifest;
  readonly next: FileManifest;
  readonly previous?: CarryOverReport;
  readonly fold: FoldName;
}

/** The three manifests as they are asked for, plus what an earlier pass left. */
export interface Sides {
  readonly ruleOf: RuleOf;
  readonly installed: EntryIndex<BundleEntry>;
  readonly staged: EntryIndex<BundleEntry>;
  readonly shipped: EntryIndex<ManifestEntry> | undefined;
  readonly next: EntryIndex<ManifestEntry>;
  readonly fold: FoldName;
}

export function sidesOf(input: PlanInput): Sides {
  const { fold } = input;
  return {
    ruleOf: compileRules(input.rules, fold),
    installed: indexEntries(input.installed, fold),
    staged: indexEntries(input.staged, fold),
    shipped: input.shipped && indexManifest(input.shipped, fold),
    next: indexManifest(input.next, fold),
    fold,
  };
}
