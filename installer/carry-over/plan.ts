import { createHash } from 'node:crypto';
import type { Fault } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { CarryOverReport } from './carry-over.ts';
import { type BundleEntry, carries } from './entries.ts';
import type { CarryOverAction, Copy, NewFolder } from './placement.ts';
import { emptied, foldersFor, placeAll, repairEarlierPass } from './placement.ts';
import { type PlanInput, type Sides, sidesOf } from './sides.ts';
import { planStructure } from './structure.ts';
import { judge, type Verdict, withPairs } from './verdicts.ts';

export interface CarryOverPlan {
  readonly actions: readonly CarryOverAction[];
  /** Outermost first. */
  readonly folders: readonly NewFolder[];
  readonly leftBehind: readonly string[];
  readonly reported: readonly string[];
}

/**
 * The three-way rule: what the old release shipped against what is installed against what the new one ships.
 *
 * Pure. `carry-over-emptied` when what was carried last time is gone, `carry-over-invalid` when a change cannot be carried.
 */
export function planCarryOver(input: PlanInput): Result<CarryOverPlan> {
  const sides = sidesOf(input);
  const emptied = findEmptied(input, sides);
  if (emptied !== undefined) return fail(emptied);
  const structure = planStructure({ ...sides, rules: input.rules });
  if (!structure.ok) return structure;
  const verdicts = sides.installed.entries.map((entry) => judge(entry, sides, structure.value));
  const wanted = withPairs(verdicts, sides);
  const placed = placeAll(wanted, sides);
  if (!placed.ok) return placed;
  const repaired = repairEarlierPass(placed.value.copies, sides);
  if (!repaired.ok) return repaired;
  const copies = [...placed.value.copies, ...repaired.value.copies];
  const renames = structure.value.renames.map((rename) => ({ kind: 'rename' as const, ...rename }));
  const actions: readonly CarryOverAction[] = [...renames, ...repaired.value.removals, ...copies];
  const listed = (kind: Verdict['kind']): string[] =>
    verdicts.filter((verdict) => verdict.kind === kind).map(({ entry }) => entry.path);
  return succeed({
    actions,
    folders: foldersFor(copies, sides),
    leftBehind: [...listed('left-behind'), ...placed.value.leftBehind].sort(),
    reported: listed('reported').sort(),
  });
}

/** For each carrying rule: if everything it carried last time is now missing or empty, something is wrong with the source. */
function findEmptied(input: PlanInput, sides: Sides): Fault | undefined {
  const before = (input.previous?.carried ?? []).filter(({ reason, bytes }) => reason !== 'renamed' && bytes > 0);
  for (const rule of input.rules.filter(carries)) {
    const paths = before.map(({ path }) => path).filter((path) => sides.ruleOf(path) === rule);
    const [first] = paths;
    if (first !== undefined && paths.every((path) => isGone(sides.installed.get(path)))) return emptied(first);
  }
  return undefined;
}

function isGone(entry: BundleEntry | undefined): boolean {
  return entry === undefined || (entry.kind === 'file' && entry.size === 0);
}

/** What the plan will have carried, as it is told and kept. */
export function carriedBy(plan: CarryOverPlan): CarryOverReport['carried'] {
  const carried = plan.actions.flatMap((action) => {
    switch (action.kind) {
      case 'rename':
        return [{ path: action.to, reason: 'renamed' as const, bytes: action.bytes, sha256: action.sha256 }];
      case 'copy':
        return [{ path: action.to, reason: action.reason, ...contentOf(action.entry) }];
      case 'remove':
        return [];
    }
  });
  return carried.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Bytes and digest; of a link, those of its target's text. */
function contentOf(entry: Copy['entry']): { readonly bytes: number; readonly sha256: string } {
  if (entry.kind === 'file') return { bytes: entry.size, sha256: entry.sha256 ?? '' };
  const text = Buffer.from(entry.target);
  return { bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}
