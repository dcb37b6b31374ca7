import { createDraws, type Draws } from '../model/random.ts';

/** What an order is for. */
export type CycleKind = 'forward' | 'rollback' | BrokenKind;

/** Each way in which a release is broken, with what it does. */
export const BROKEN_KINDS = ['exits-at-once', 'never-healthy', 'dies-after-health'] as const;
export type BrokenKind = (typeof BROKEN_KINDS)[number];

/** Somebody is killed so long after the order was given. */
export interface Kill {
  readonly who: 'launcher' | 'server';
  readonly afterMs: number;
}

export interface Cycle {
  /** From 1. */
  readonly number: number;
  /** Launchers die in the first phase alone: in the second, one launcher lives through all cycles. */
  readonly phase: 'kills' | 'long-life';
  readonly kind: CycleKind;
  /** In the order of their moments. */
  readonly kills: readonly Kill[];
}

/** An order that nothing disturbs takes about as long. */
const LATEST_KILL_MS = 4_500;
/** A release that never gets ready costs its whole start limit: it comes less often than the others. */
const KINDS: readonly (readonly [share: number, kind: CycleKind])[] = [
  [0.45, 'forward'],
  [0.25, 'rollback'],
  [0.12, 'dies-after-health'],
  [0.12, 'exits-at-once'],
  [0.06, 'never-healthy'],
];
const [LAUNCHER_KILLED, KILLED_AGAIN, SERVER_KILLED] = [0.6, 0.25, 0.3];

/** The same cycles for the same seed; the second half of them is one life of one launcher. */
export function planCycles(count: number, seed: number): readonly Cycle[] {
  const draws = createDraws(seed);
  return Array.from({ length: count }, (_, index) => {
    const phase = index < Math.ceil(count / 2) ? 'kills' : 'long-life';
    return { number: index + 1, phase, kind: drawKind(draws), kills: drawKills(draws, phase) };
  });
}

function drawKind(draws: Draws): CycleKind {
  let left = draws.fraction();
  for (const [share, kind] of KINDS) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'forward';
}

function drawKills(draws: Draws, phase: Cycle['phase']): readonly Kill[] {
  const kill = (who: Kill['who'], probability: number): readonly Kill[] =>
    // Drawn in any case, so that one chance does not move all later draws.
    [{ who, afterMs: draws.whole(0, LATEST_KILL_MS) }].filter(() => draws.chance(probability));
  const launchers = [...kill('launcher', LAUNCHER_KILLED), ...kill('launcher', KILLED_AGAIN)];
  const servers = kill('server', SERVER_KILLED);
  return [...(phase === 'kills' ? launchers : []), ...servers].toSorted((a, b) => a.afterMs - b.afterMs);
}
