import { posix } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ManifestEntry } from '../release.ts';
import type { CarryOverRule } from './carry-over.ts';
import type { BundleEntry, EntryIndex } from './entries.ts';
import { compilePattern, type FoldName } from './pattern.ts';

/** A file of the new bundle that gets the installed name. */
export interface StructureRename {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface StructurePlan {
  readonly renames: readonly StructureRename[];
  /** The name under which the old release shipped an installed structure file. */
  shippedNameOf(path: string): string;
}

export interface StructureInput {
  readonly rules: readonly CarryOverRule[];
  readonly installed: EntryIndex<BundleEntry>;
  readonly shipped: EntryIndex<ManifestEntry> | undefined;
  readonly next: EntryIndex<ManifestEntry>;
  readonly fold: FoldName;
}

/**
 * Which files of the new bundle take the names that the admin gave to the installed ones. The name of the structure
 * names the Windows service, so that several instances on one machine rename it (4D, "Managing services").
 *
 * `carry-over-invalid` where it cannot be told which file is meant.
 */
export function planStructure(input: StructureInput): Result<StructurePlan> {
  const renames: StructureRename[] = [];
  const shippedNames = new Map<string, string>();
  for (const rule of input.rules.filter(({ action }) => action === 'rename')) {
    const stems = stemsOf(rule, input);
    if (!stems.ok) return stems;
    if (stems.value === undefined) continue;
    const { installed, shipped, next } = stems.value;
    // Two rules may mean the same structure (`*.4DZ` and its `*.4DIndy`): it is renamed once, with all its companions.
    const known = new Set(renames.map(({ from }) => from));
    if (next !== installed) renames.push(...renamesOf(next, installed, input).filter(({ from }) => !known.has(from)));
    if (shipped !== undefined) noteShippedNames(shippedNames, installed, shipped, input);
  }
  return succeed({ renames, shippedNameOf: (path) => shippedNames.get(input.fold(path)) ?? path });
}

interface Stems {
  readonly installed: string;
  readonly shipped: string | undefined;
  readonly next: string;
}

/** Path and name of the structure without extension on each side; undefined when nobody renamed it. */
function stemsOf(rule: CarryOverRule, input: StructureInput): Result<Stems | undefined> {
  const { fold } = input;
  const matches = compilePattern(rule.pattern, fold);
  const filesIn = (index: EntryIndex<BundleEntry | ManifestEntry> | undefined): readonly string[] =>
    (index?.entries ?? []).filter((entry) => entry.kind === 'file' && matches(entry.path)).map(({ path }) => path);
  const [installed, shipped, next] = [filesIn(input.installed), filesIn(input.shipped), filesIn(input.next)];
  // An unrenamed structure follows the vendor, also when the vendor gives the new one another name.
  if (installed.every((path) => input.shipped?.has(path))) return succeed(undefined);
  const [from, to, old] = [next[0], installed[0], shipped[0]];
  if (from === undefined || to === undefined || next.length > 1 || installed.length > 1) {
    return fail(ambiguous(rule, installed, next));
  }
  const shippedStem = old !== undefined && shipped.length === 1 ? stemOf(old) : undefined;
  return succeed({ installed: stemOf(to), shipped: shippedStem, next: stemOf(from) });
}

function ambiguous(rule: CarryOverRule, installed: readonly string[], next: readonly string[]) {
  return faultOf(
    'carry-over-invalid',
    `the structure file cannot be renamed: ${installed.length} installed and ${next.length} new files match, exactly one of each is needed`,
    {
      path: installed[0] ?? rule.pattern,
      operation: 'rename',
      values: { pattern: rule.pattern, installed: installed.join(', '), next: next.join(', ') },
    },
  );
}

/** The structure and its companions (`.4DIndy`): all files beside it that differ in the extension alone. */
function renamesOf(
  nextStem: string,
  installedStem: string,
  { next, fold }: StructureInput,
): readonly StructureRename[] {
  return next.entries.flatMap((entry) => {
    if (entry.kind !== 'file' || fold(stemOf(entry.path)) !== fold(nextStem)) return [];
    const to = installedStem + posix.extname(entry.path);
    return [{ from: entry.path, to, bytes: entry.size, sha256: entry.sha256 }];
  });
}

function noteShippedNames(
  names: Map<string, string>,
  installedStem: string,
  shippedStem: string,
  { installed, fold }: StructureInput,
): void {
  for (const { path } of installed.entries) {
    if (fold(stemOf(path)) === fold(installedStem)) names.set(fold(path), shippedStem + posix.extname(path));
  }
}

function stemOf(path: string): string {
  return path.slice(0, path.length - posix.extname(path).length);
}
