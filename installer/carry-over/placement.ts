import { posix } from 'node:path';
import { faultOf, type Fault } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { CarriedReason, CarryOverRule } from './carry-over.ts';
import { type BundleEntry, carries, foldersAbove, sameContent } from './entries.ts';
import type { Sides } from './sides.ts';
import type { StructureRename } from './structure.ts';
import type { Wanted } from './verdicts.ts';

/** One act on the staged bundle; `to` is its place there, `from` the installed entry (for a rename: the staged one). */
export type CarryOverAction =
  | ({ readonly kind: 'rename' } & StructureRename)
  | {
      readonly kind: 'copy';
      readonly from: string;
      readonly to: string;
      readonly reason: CarriedReason;
      readonly entry: Extract<BundleEntry, { kind: 'file' | 'link' }>;
      readonly check?: CarryOverRule['check'];
    }
  /** Carried by an earlier pass, taken away from the installed bundle since. */
  | { readonly kind: 'remove'; readonly to: string };

export type Copy = Extract<CarryOverAction, { kind: 'copy' }>;
export type Removal = Extract<CarryOverAction, { kind: 'remove' }>;

export interface Placed {
  readonly copies: readonly Copy[];
  readonly leftBehind: readonly string[];
}

/** Finds each its place in the new bundle. What cannot go there is refused if a rule says `always`, else left behind. */
export function placeAll(wanted: readonly Wanted[], sides: Sides): Result<Placed> {
  const copies: Copy[] = [];
  const leftBehind: string[] = [];
  for (const { entry, rule, reason } of wanted) {
    const obstacle = obstacleOf(entry, sides);
    if (obstacle === undefined) copies.push(copyOf(entry, rule, reason, sides));
    else if (rule.action === 'changed') leftBehind.push(entry.path);
    else return fail(faultOf('carry-over-invalid', obstacle, { path: entry.path, operation: 'copy' }));
  }
  return succeed({ copies, leftBehind });
}

function copyOf(entry: BundleEntry, rule: CarryOverRule, reason: CarriedReason, { next }: Sides): Copy {
  if (entry.kind !== 'file' && entry.kind !== 'link') throw new Error(`no copy of a ${entry.kind}: ${entry.path}`);
  const to = next.get(entry.path)?.path ?? entry.path;
  return { kind: 'copy', from: entry.path, to, reason, entry, ...(rule.check && { check: rule.check }) };
}

/** Why an entry cannot be carried; undefined when it can. */
function obstacleOf(entry: BundleEntry, { next }: Sides): string | undefined {
  if (entry.kind === 'other' || entry.kind === 'folder') return 'neither a file nor a link';
  if (entry.kind === 'link' && !staysInside(entry.path, entry.target)) return 'a link that leads out of the bundle';
  if (next.get(entry.path)?.kind === 'folder') return 'the new release has a folder of this name';
  const blocked = foldersAbove(entry.path).find((folder) => (next.get(folder)?.kind ?? 'folder') !== 'folder');
  return blocked === undefined ? undefined : `the new release has something else where the folder ${blocked} was`;
}

/** Only relative targets that never climb above the bundle; backslashes and drive letters are paths on Windows. */
function staysInside(path: string, target: string): boolean {
  const plain = target.replaceAll('\\', '/');
  if (plain.startsWith('/') || /^[A-Za-z]:/.test(plain)) return false;
  const reached = posix.normalize(posix.join(posix.dirname(path), plain));
  return reached !== '..' && !reached.startsWith('../');
}

/**
 * What an earlier pass carried and this one would not: added files that are gone are removed again; a file that is back
 * at what the old release shipped is carried as it is now, because the new release's own is no longer there.
 */
export function repairEarlierPass(
  copies: readonly Copy[],
  sides: Sides,
): Result<{ readonly copies: readonly Copy[]; readonly removals: readonly Removal[] }> {
  const planned = new Set(copies.map(({ to }) => sides.fold(to)));
  const removals = sides.staged.entries
    .filter((entry) => entry.kind !== 'folder' && carries(sides.ruleOf(entry.path)))
    .filter((entry) => !planned.has(sides.fold(entry.path)) && !sides.next.has(entry.path))
    .map((entry): Removal => ({ kind: 'remove', to: entry.path }));
  const again: Copy[] = [];
  for (const entry of sides.next.entries) {
    const rule = sides.ruleOf(entry.path);
    if (entry.kind === 'folder' || !carries(rule) || planned.has(sides.fold(entry.path))) continue;
    const staged = sides.staged.get(entry.path);
    if (staged !== undefined && sameContent(staged, entry)) continue;
    const installed = sides.installed.get(entry.path);
    if (installed === undefined || obstacleOf(installed, sides) !== undefined) return fail(emptied(entry.path));
    again.push(copyOf(installed, rule, 'changed-locally', sides));
  }
  return succeed({ copies: again, removals });
}

/** A folder that the new release does not have, with the installed mode. */
export interface NewFolder {
  readonly path: string;
  readonly mode: number;
}

export function foldersFor(copies: readonly Copy[], { installed, next }: Sides): readonly NewFolder[] {
  const needed = new Map<string, number>();
  for (const path of copies.flatMap(({ to }) => foldersAbove(to))) {
    const source = installed.get(path);
    if (!next.has(path) && source?.kind === 'folder') needed.set(path, source.mode);
  }
  return [...needed].map(([path, mode]) => ({ path, mode })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The source is emptier than an earlier pass or update saw it. */
export function emptied(path: string): Fault {
  return faultOf('carry-over-emptied', 'carried by an earlier pass or update, and now missing or empty', { path });
}
