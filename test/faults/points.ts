import type { CallName, Fault } from './calls.ts';
import { withoutNumber } from './pinned-number.ts';
import type { TracedCall } from './trace.ts';

/** One mutating call of a scenario that can be found again in another run of it. */
export interface Point {
  readonly call: CallName;
  /** Relative to the site, without what another run numbers otherwise. */
  readonly path: string;
  /** Which of the calls of this name on this path it is, counted from 1. */
  readonly occurrence: number;
  /** The last line of the order's journal when it happened. */
  readonly phase: string;
  /** How `strace` finds it: the K-th call on this path, or the K-th of all calls (paths through a descriptor's number). */
  readonly aim: Aim;
  /** Other processes make such calls as well, or it is found by counting: see `Interference`. */
  readonly alone: boolean;
}

/** A path without the number of its pinned name stands for every path that has one. */
export type Aim =
  | { readonly by: 'path'; readonly path: string; readonly when: number }
  | { readonly by: 'count'; readonly when: number };

/** A point and what happens at it. */
export interface Case {
  readonly scenario: string;
  readonly point: Point;
  readonly fault: Fault;
}

/**
 * The points of a trace below `root`, in the order in which they happened; `lines` are those of the order's journal, of which
 * `written` were there before.
 */
export function pointsOf(
  trace: readonly TracedCall[],
  root: string,
  lines: readonly string[],
  written = 0,
): readonly Point[] {
  const [onPath, ofThread, seen] = [createCounter(), createCounter(), createCounter()];
  const foreign = new Set(trace.filter(({ own }) => !own).map(({ name, aim }) => `${name} ${aim}`));
  return trace.flatMap((call) => {
    if (!call.own) return [];
    const { thread, name, aim, alsoAim, path } = call;
    const whenOnPath = onPath(`${thread} ${name} ${withoutNumber(aim)}`);
    if (alsoAim !== undefined) onPath(`${thread} ${name} ${withoutNumber(alsoAim)}`);
    const whenOfThread = ofThread(`${thread} ${name}`);
    // What the system refused has changed nothing.
    if (!call.mutating || call.outcome === 'failed' || !isBelow(path, root)) return [];
    const relative = nameless(path.slice(root.length + 1));
    const phase = lines[written - 1] ?? `line ${written}`;
    if (name === 'write' && path.endsWith('.journal')) written += 1;
    const aimable = withoutNumber(aim) === `${root}/${relative}`;
    return [
      {
        call: name,
        path: relative,
        occurrence: seen(`${name} ${relative}`),
        phase,
        aim: aimable
          ? ({ by: 'path', path: relative, when: whenOnPath } as const)
          : ({ by: 'count', when: whenOfThread } as const),
        alone: !aimable || foreign.has(`${name} ${aim}`),
      },
    ];
  });
}

/** A kept release on its way out bears the number of its folder, which is another one in every run. */
function nameless(path: string): string {
  return withoutNumber(path).replace(/\/expired\/[^/]+/, '/expired/ID');
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(`${root}/`);
}

function createCounter(): (key: string) => number {
  const counts = new Map<string, number>();
  return (key) => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
}

export function keyOf({ call, path, occurrence }: Point): string {
  return `${call} ${path} #${occurrence}`;
}

export function titleOf({ scenario, point, fault }: Case): string {
  return `${scenario}: ${fault} at ${keyOf(point)}`;
}

/** The same call, met in the same way: in between there may be calls that look only, as often as there was time for. */
export function isSame(one: Point, other: Point): boolean {
  return keyOf(one) === keyOf(other) && one.aim.when === other.aim.when;
}

/** Points that were met in both runs; the others depend on chance and cannot be aimed at. */
export function steadyPoints(
  one: readonly Point[],
  other: readonly Point[],
): { readonly steady: readonly Point[]; readonly unsteady: readonly Point[] } {
  const known = new Map(other.map((point) => [keyOf(point), point]));
  const isSteady = (point: Point): boolean => {
    const again = known.get(keyOf(point));
    return again !== undefined && isSame(point, again);
  };
  return { steady: one.filter(isSteady), unsteady: one.filter((point) => !isSteady(point)) };
}

/** Was the planned call hit? The last call of a killed run, or the injected one of the others. */
export function wasHit(
  { point, fault }: Pick<Case, 'point' | 'fault'>,
  trace: readonly TracedCall[],
  root: string,
): boolean {
  const struck =
    fault === 'KILL' ? trace.filter(({ outcome }) => outcome === 'cut') : trace.filter(({ injected }) => injected);
  return struck.some(({ name, path }) => name === point.call && nameless(path) === `${root}/${point.path}`);
}
