import { MUTATING } from './calls.ts';
import type { Case, Point } from './points.ts';

/** The points of a scenario that both of its recordings have. */
export interface Recorded {
  readonly scenario: string;
  readonly points: readonly Point[];
}

/**
 * A kill at every point, and each error that its call can give.
 *
 * Unless `every`: points of one class differ in nothing that the launcher's code could treat differently (same call, same
 * kind of file, same last line of the journal). Of a class that no earlier scenario has, the first, the middle and the last
 * point are killed, and each error strikes one of the three in turn; a class that is known already is killed at its middle.
 */
export function casesOf(recordings: readonly Recorded[], every: boolean): readonly Case[] {
  if (every) return recordings.flatMap(({ scenario, points }) => points.flatMap((point) => casesAt(scenario, point)));
  const known = new Set<string>();
  return recordings.flatMap(({ scenario, points }) => {
    const classes = [...Map.groupBy(points, classOf)];
    const cases = classes.flatMap(([name, members]) =>
      known.has(name) ? killsAt(scenario, members, [MIDDLE]) : casesOfClass(scenario, members),
    );
    classes.forEach(([name]) => known.add(name));
    return cases;
  });
}

const MIDDLE = 0.5;
const SHARES = [0, MIDDLE, 1] as const;

function casesAt(scenario: string, point: Point): readonly Case[] {
  return (['KILL', ...MUTATING[point.call]] as const).map((fault) => ({ scenario, point, fault }));
}

function casesOfClass(scenario: string, members: readonly Point[]): readonly Case[] {
  const errors = members.slice(0, 1).flatMap(({ call }) => MUTATING[call]);
  const struck = errors.flatMap((fault, index) =>
    membersAt(members, [SHARES[index % SHARES.length] ?? MIDDLE]).map((point) => ({ scenario, point, fault })),
  );
  return [...killsAt(scenario, members, SHARES), ...struck];
}

function killsAt(scenario: string, members: readonly Point[], shares: readonly number[]): readonly Case[] {
  return membersAt(members, shares).map((point) => ({ scenario, point, fault: 'KILL' }));
}

/** Each once, though a small class has fewer than three. */
function membersAt(members: readonly Point[], shares: readonly number[]): readonly Point[] {
  const wanted = new Set(shares.map((share) => Math.floor((members.length - 1) * share)));
  return members.filter((_, index) => wanted.has(index));
}

function classOf({ call, path, phase }: Point): string {
  return `${call} ${kindOf(path)} after ${phase}`;
}

/** Trees whose files are all made, copied or removed by the same loop. */
const TREES: readonly RegExp[] = [
  /^(Office Maker\/\.om-launcher-[^/]+\/[^/]+\/bundle)\/.+/,
  /^(Office Maker\/\.om-launcher-[^/]+\/expired\/[^/]+)\/.+/,
  /^(Office Maker\/[^./][^/]*)\/.+/,
  /^(state\/data-backups)\/[^/]+\/.+/,
];

/** The path without what is different for each file of a kind: its place in a tree, digests, counted names. */
function kindOf(path: string): string {
  const tree = TREES.map((pattern) => pattern.exec(path)?.[1]).find((found) => found !== undefined);
  return (tree === undefined ? path : `${tree}/FILE`).replace(/[0-9a-f]{12,}/g, 'ID');
}
