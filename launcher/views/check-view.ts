import type { Release } from '../../installer/release.ts';
import { heldBackReleases, type UpdateMode } from '../../installer/schedule/decide.ts';
import type { Eligibility, Hindrance } from '../../installer/schedule/eligibility.ts';
import { nextOpening, type WindowRule } from '../../installer/schedule/windows.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { HeldBackView } from '../api/schemas.ts';

/** Why something does not happen by itself yet; beyond a release's own hindrances what the mode of updates says. */
export type Obstacle =
  | Hindrance
  | { readonly kind: 'window'; readonly until: number }
  | { readonly kind: 'no-window' }
  | { readonly kind: 'word' };

export interface CheckSituation {
  readonly offered: readonly Release[];
  readonly live: string | undefined;
  readonly due: Release | undefined;
  readonly eligibility: Eligibility;
  readonly mode: UpdateMode;
  readonly rule: WindowRule;
  readonly delaySeconds: number;
}

/** Every newer release that is not installed by itself now, with each reason. Pure. */
export function heldBackViews(
  situation: CheckSituation,
  language: Language,
  words: (obstacle: Obstacle, language: Language) => string,
): readonly HeldBackView[] {
  const held = heldBackReleases(situation.offered, situation.live, situation.eligibility).flatMap(
    ({ release, hindrances }) => hindrances.map((obstacle) => ({ version: release.version, obstacle })),
  );
  const waits = situation.due === undefined ? undefined : obstacleOfMode(situation);
  const all = [
    ...(waits === undefined || situation.due === undefined
      ? []
      : [{ version: situation.due.version, obstacle: waits }]),
    ...held,
  ];
  return all.map(({ version, obstacle }) => ({
    version,
    reason: obstacle.kind,
    text: words(obstacle, language),
    ...('until' in obstacle ? { until: new Date(obstacle.until).toISOString() } : {}),
  }));
}

function obstacleOfMode({ mode, rule, delaySeconds, eligibility }: CheckSituation): Obstacle | undefined {
  if (mode === 'manual') return undefined;
  if (mode === 'stage') return { kind: 'word' };
  const opening = nextOpening(rule, eligibility.now, delaySeconds * 1000);
  if (opening === undefined) return { kind: 'no-window' };
  return opening.opensAt <= eligibility.now ? undefined : { kind: 'window', until: opening.opensAt };
}
