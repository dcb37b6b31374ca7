import { callOf, classOf, orderOf, type Recorded } from './classes.ts';
import type { Case, Point } from './points.ts';
import { sampleOf } from '../kit/seeded.ts';

/** Of the calls of a recovery one of each kind that no recovery before had. */
export type PairChoice = (first: Case, recovery: readonly Point[]) => readonly Point[];

/**
 * Which calls of recoveries are killed: each class (see classes.ts) once an order. The start of a launcher is the same
 * whatever it finds, therefore its calls count once in all.
 */
export function pairChoice(recordings: readonly Recorded[], limit: number, seed: number): PairChoice {
  const starting = new Set(
    recordings.flatMap(({ points }) => points.filter(({ phase }) => phase === 'line 0').map((point) => callOf(point))),
  );
  const known = new Set<string>();
  let left = limit;
  return (first, recovery) => {
    const keyOf = (point: Point): string => {
      const isStart = point.phase === recovery[0]?.phase && starting.has(callOf(point));
      return isStart ? `start: ${callOf(point)}` : `${orderOf(first.scenario, point)}: ${classOf(point)}`;
    };
    const fresh = [...Map.groupBy(recovery, keyOf)].filter(([key]) => !known.has(key));
    const chosen = limit === Infinity ? fresh : sampleOf(fresh, Math.min(left, SHARE), seed);
    chosen.forEach(([key]) => known.add(key));
    left -= chosen.length;
    return chosen.flatMap(([, points]) => points.slice(Math.floor((points.length - 1) / 2)).slice(0, 1));
  };
}

/** A limited number is spread over several recoveries. */
const SHARE = 10;
