import type { Release } from '../release.ts';
import { compareVersions } from '../version.ts';
import { type Eligibility, type Hindrance, hindrancesOf } from './eligibility.ts';

export const UPDATE_MODES = ['manual', 'stage', 'auto'] as const;
/** `manual`: nothing by itself. `stage`: prepared, then a person's word. `auto`: prepared, then a window. */
export type UpdateMode = (typeof UPDATE_MODES)[number];

/** What is known when the schedule decides. */
export interface Situation {
  readonly mode: UpdateMode;
  readonly offered: readonly Release[];
  /** The version that is installed. */
  readonly live: string | undefined;
  readonly eligibility: Eligibility;
  /** Nothing is tried before this, because the last try failed. */
  readonly pausedUntil?: number | undefined;
  /** The order that is under way: another's, or an own one that still waits in front of the users. */
  readonly order?:
    { readonly kind: 'other' } | { readonly kind: 'waiting'; readonly version: string | undefined } | undefined;
}

export type Decision =
  | { readonly kind: 'take'; readonly release: Release }
  /** The own order that waits is for something that is no longer due. */
  | { readonly kind: 'drop' }
  /** The order under way goes on. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'nothing'; readonly heldBack: readonly HeldBack[]; readonly until?: number };

/** A newer release that is not taken yet, and why. */
export interface HeldBack {
  readonly release: Release;
  readonly hindrances: readonly Hindrance[];
}

/** What the schedule does now. Pure: the same situation, the same decision. */
export function decide(situation: Situation): Decision {
  const { mode, order, pausedUntil } = situation;
  if (mode === 'manual') return { kind: 'nothing', heldBack: [] };
  if (order?.kind === 'other') return { kind: 'leave' };
  const due = dueRelease(situation.offered, situation.live, situation.eligibility);
  if (order?.kind === 'waiting') return due?.version === order.version ? { kind: 'leave' } : { kind: 'drop' };
  const heldBack = heldBackReleases(situation.offered, situation.live, situation.eligibility);
  if (due === undefined) return { kind: 'nothing', heldBack };
  return pausedUntil === undefined ? { kind: 'take', release: due } : { kind: 'nothing', heldBack, until: pausedUntil };
}

/** The newest release beyond the live one that nothing holds back. Pure. */
export function dueRelease(
  offered: readonly Release[],
  live: string | undefined,
  eligibility: Eligibility,
): Release | undefined {
  return newerReleases(offered, live).find((release) => hindrancesOf(release, live, eligibility).length === 0);
}

/** The newer releases that something holds back, newest first. Pure. */
export function heldBackReleases(
  offered: readonly Release[],
  live: string | undefined,
  eligibility: Eligibility,
): readonly HeldBack[] {
  return newerReleases(offered, live)
    .map((release) => ({ release, hindrances: hindrancesOf(release, live, eligibility) }))
    .filter(({ hindrances }) => hindrances.length > 0);
}

function newerReleases(offered: readonly Release[], live: string | undefined): readonly Release[] {
  return offered
    .filter(({ version }) => live === undefined || compareVersions(version, live) > 0)
    .toSorted((a, b) => compareVersions(b.version, a.version));
}
