import { posix } from 'node:path';
import type { CarriedReason, CarryOverRule } from './carry-over.ts';
import { type BundleEntry, sameContent } from './entries.ts';
import type { Sides } from './sides.ts';
import type { StructurePlan } from './structure.ts';

/** What the three-way rule says of one installed entry. */
export type Verdict =
  | { readonly kind: 'new-wins'; readonly entry: BundleEntry }
  | {
      readonly kind: 'carry';
      readonly entry: BundleEntry;
      readonly rule: CarryOverRule;
      readonly reason: CarriedReason;
    }
  | { readonly kind: 'left-behind' | 'reported'; readonly entry: BundleEntry };

export function judge(entry: BundleEntry, sides: Sides, structure: StructurePlan): Verdict {
  if (entry.kind === 'folder') return { kind: 'new-wins', entry };
  const rule = sides.ruleOf(entry.path);
  const change = changeOf(entry, sides, structure);
  if (change === 'none') return { kind: 'new-wins', entry };
  if (change === 'unknown') return judgeForeign(entry, rule, sides);
  switch (rule?.action) {
    case 'always':
    case 'changed':
      return { kind: 'carry', entry, rule, reason: change };
    case 'report':
      return { kind: 'reported', entry };
    case 'rename':
    case undefined:
      return { kind: 'left-behind', entry };
  }
}

type Change = 'none' | 'unknown' | Exclude<CarriedReason, 'renamed'>;

function changeOf(entry: BundleEntry, { shipped }: Sides, structure: StructurePlan): Change {
  if (shipped === undefined) return 'unknown';
  const original = shipped.get(structure.shippedNameOf(entry.path));
  if (original === undefined) return 'added-locally';
  return sameContent(entry, original) ? 'none' : 'changed-locally';
}

/** An installation that we did not make: a difference from the new release may be the vendor's as well as the customer's. */
function judgeForeign(entry: BundleEntry, rule: CarryOverRule | undefined, { next }: Sides): Verdict {
  if (rule === undefined || rule.action === 'rename') return { kind: 'new-wins', entry };
  if (sameContent(entry, next.get(entry.path))) return { kind: 'new-wins', entry };
  if (rule.action === 'report') return { kind: 'reported', entry };
  if (rule.action === 'changed') return { kind: 'left-behind', entry };
  return { kind: 'carry', entry, rule, reason: next.has(entry.path) ? 'changed-locally' : 'added-locally' };
}

export type Wanted = Extract<Verdict, { kind: 'carry' }>;

/** A key without its certificate is worth nothing: when one file of a pair is carried, its partner beside it goes along. */
export function withPairs(verdicts: readonly Verdict[], { ruleOf, fold }: Sides): readonly Wanted[] {
  const wanted = verdicts.filter((verdict) => verdict.kind === 'carry');
  const folders = new Set(
    wanted.filter(({ rule }) => rule.check === 'key-pair').map(({ entry }) => fold(posix.dirname(entry.path))),
  );
  const partners = verdicts.flatMap((verdict): Wanted[] => {
    const rule = ruleOf(verdict.entry.path);
    if (verdict.kind !== 'new-wins' || rule?.check !== 'key-pair') return [];
    if (!folders.has(fold(posix.dirname(verdict.entry.path)))) return [];
    return [{ kind: 'carry', entry: verdict.entry, rule, reason: 'changed-locally' }];
  });
  return [...wanted, ...partners].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
}
