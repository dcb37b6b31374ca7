import type { Release } from '../release.ts';
import { compareVersions } from '../version.ts';
import { rolloutShare } from './machine-share.ts';

const DAY_MS = 86_400_000;

/** Why a release is not taken by itself. Times are wall-clock milliseconds. */
export type Hindrance =
  | { readonly kind: 'withdrawn'; readonly reason?: string }
  | { readonly kind: 'pin'; readonly version: string }
  | { readonly kind: 'bad'; readonly code: string }
  | { readonly kind: 'out-of-reach'; readonly version: string }
  | { readonly kind: 'launcher-too-old' | 'launcher-too-new'; readonly version: string }
  | { readonly kind: 'rollout-start'; readonly until: number }
  | { readonly kind: 'rollout'; readonly percentage: number }
  | { readonly kind: 'delay'; readonly until: number }
  | { readonly kind: 'mark'; readonly code: string; readonly until: number };

/** A release that was tried in vain: left alone for a while, see `marks.ts`. */
export interface SkipMark {
  readonly manifestSha256: string;
  readonly code: string;
  readonly until: number;
}

/** What decides on this machine which of the offered releases is due. */
export interface Eligibility {
  readonly now: number;
  readonly bad: readonly { readonly manifestSha256: string; readonly code: string }[];
  readonly pin?: string | undefined;
  /** The launcher's own version; absent: releases may ask for what they like. */
  readonly launcher?: string | undefined;
  readonly delayDays?: number | undefined;
  /** Absent: roll-outs by percentage do not count (a file that a person has given). */
  readonly machineId?: string | undefined;
  /** Only where nobody ordered. */
  readonly marks?: readonly SkipMark[] | undefined;
}

/** Everything that keeps this release from being installed without its name being said; empty = due. Pure. */
export function hindrancesOf(
  release: Release,
  live: string | undefined,
  eligibility: Eligibility,
): readonly Hindrance[] {
  return [
    ...withdrawal(release),
    ...(eligibility.pin === undefined || eligibility.pin === release.version
      ? []
      : [{ kind: 'pin', version: eligibility.pin } as const]),
    ...badness(release, eligibility),
    ...(release.from !== undefined && live !== undefined && compareVersions(live, release.from) < 0
      ? [{ kind: 'out-of-reach', version: release.from } as const]
      : []),
    ...launcherHindrances(release, eligibility),
    ...rolloutHindrances(release, eligibility),
    ...delay(release, eligibility),
    ...marks(release, eligibility),
  ];
}

function withdrawal({ withdrawn }: Release): readonly Hindrance[] {
  if (withdrawn === undefined) return [];
  return [{ kind: 'withdrawn', ...(withdrawn.reason === undefined ? {} : { reason: withdrawn.reason }) }];
}

function badness({ manifest }: Release, { bad }: Eligibility): readonly Hindrance[] {
  const mark = bad.find(({ manifestSha256 }) => manifestSha256 === manifest.sha256);
  return mark === undefined ? [] : [{ kind: 'bad', code: mark.code }];
}

function launcherHindrances(release: Release, { launcher }: Eligibility): readonly Hindrance[] {
  const unfit = launcher === undefined ? undefined : unfitLauncher(release, launcher);
  return unfit === undefined ? [] : [{ kind: unfit.code, version: unfit.needed }];
}

/** Whether this launcher may not install the release, by what the vendor signed into it. Pure. */
export function unfitLauncher(
  { minClient, maxClient }: Pick<Release, 'minClient' | 'maxClient'>,
  launcher: string,
): { readonly code: 'launcher-too-old' | 'launcher-too-new'; readonly needed: string } | undefined {
  if (minClient !== undefined && compareVersions(launcher, minClient) < 0)
    return { code: 'launcher-too-old', needed: minClient };
  if (maxClient !== undefined && compareVersions(launcher, maxClient) > 0)
    return { code: 'launcher-too-new', needed: maxClient };
  return undefined;
}

function rolloutHindrances({ rollout, manifest }: Release, { now, machineId }: Eligibility): readonly Hindrance[] {
  if (rollout === undefined || machineId === undefined) return [];
  const startsAt = rollout.startsAt === undefined ? now : Date.parse(rollout.startsAt);
  if (startsAt > now) return [{ kind: 'rollout-start', until: startsAt }];
  const mine = rolloutShare(machineId, manifest.sha256) < rollout.percentage;
  return mine ? [] : [{ kind: 'rollout', percentage: rollout.percentage }];
}

function delay({ publishedAt }: Release, { now, delayDays = 0 }: Eligibility): readonly Hindrance[] {
  const until = Date.parse(publishedAt) + delayDays * DAY_MS;
  return delayDays > 0 && until > now ? [{ kind: 'delay', until }] : [];
}

function marks({ manifest }: Release, { now, marks: all = [] }: Eligibility): readonly Hindrance[] {
  const mark = all.find(({ manifestSha256, until }) => manifestSha256 === manifest.sha256 && until > now);
  return mark === undefined ? [] : [{ kind: 'mark', code: mark.code, until: mark.until }];
}
