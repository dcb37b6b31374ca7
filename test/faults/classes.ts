import { type CallName, type ErrorName, MUTATING } from './calls.ts';
import { NUMBERED } from './pinned-number.ts';
import type { Case, Point } from './points.ts';

/** The points of a scenario that both of its recordings have. */
export interface Recorded {
  readonly scenario: string;
  readonly points: readonly Point[];
}

/** Points that differ in nothing that the launcher's code could treat differently. */
export interface PointClass {
  readonly scenario: string;
  /** Whose code makes the calls: an update and its fallback are one order. */
  readonly order: string;
  readonly members: readonly Point[];
}

/**
 * A kill at every point, and each error that its call can give.
 *
 * Unless `every`: the middle one of each class is killed; errors are dealt, see `errorsOf`.
 */
export function casesOf(recordings: readonly Recorded[], every: boolean): readonly Case[] {
  if (every) return recordings.flatMap(({ scenario, points }) => points.flatMap((point) => casesAt(scenario, point)));
  const classes = classesOf(recordings);
  return [...classes.map(killOf), ...errorsOf(classes)];
}

function casesAt(scenario: string, point: Point): readonly Case[] {
  return (['KILL', ...MUTATING[point.call]] as const).map((fault) => ({ scenario, point, fault }));
}

/** Every class once, in the first scenario that has it. */
export function classesOf(recordings: readonly Recorded[]): readonly PointClass[] {
  const known = new Set<string>();
  return recordings.flatMap(({ scenario, points }) => {
    const classes = [...Map.groupBy(points, (point) => `${orderOf(scenario, point)}: ${classOf(point)}`)];
    const fresh = classes.filter(([name]) => !known.has(name));
    classes.forEach(([name]) => known.add(name));
    return fresh.map(([, members]) => ({ scenario, order: orderOf(scenario, members[0]), members }));
  });
}

export function killOf({ scenario, members }: PointClass): Case {
  const point = members[Math.floor((members.length - 1) / 2)];
  if (point === undefined) throw new Error('a class without members');
  return { scenario, point, fault: 'KILL' };
}

/**
 * Each error strikes each kind of file of an order at one of the calls that can give it, and each of these calls gets one at
 * least; which moment of the order and which member is struck goes round.
 */
function errorsOf(classes: readonly PointClass[]): readonly Case[] {
  const kinds = Map.groupBy(classes, ({ order, members }) => `${order}: ${fileOf(kindOf(members[0]?.path ?? ''))}`);
  return [...kinds.values()].flatMap((kind) => {
    const calls = [...Map.groupBy(kind, ({ members }) => members[0]?.call)].flatMap(([call, its]) =>
      call === undefined ? [] : [{ call, classes: its, errors: [] as ErrorName[] }],
    );
    deal(calls);
    return calls.flatMap(({ classes: its, errors }) => errors.flatMap((fault, turn) => caseInTurn(its, fault, turn)));
  });
}

/** One to each call, by turns, and then those that none has yet to the call that has the fewest. */
function deal(calls: readonly { readonly call: CallName; readonly errors: ErrorName[] }[]): void {
  calls.forEach(({ call, errors }, turn) =>
    errors.push(...MUTATING[call].slice(turn % MUTATING[call].length).slice(0, 1)),
  );
  const canGive = (call: CallName, error: ErrorName): boolean => MUTATING[call].some((each) => each === error);
  for (const error of new Set(calls.flatMap(({ call }) => MUTATING[call]))) {
    if (calls.some(({ errors }) => errors.includes(error))) continue;
    const able = calls.filter(({ call }) => canGive(call, error));
    able.sort((one, other) => one.errors.length - other.errors.length)[0]?.errors.push(error);
  }
}

function caseInTurn(classes: readonly PointClass[], fault: ErrorName, turn: number): readonly Case[] {
  const chosen = classes[(turn * STRIDE + classes.length - 1) % classes.length];
  const point = chosen?.members[(turn * STRIDE) % chosen.members.length];
  return chosen === undefined || point === undefined ? [] : [{ scenario: chosen.scenario, point, fault }];
}

/** Two errors of one call are far from each other. */
const STRIDE = 7;

/** What is before an order is the start of the launcher, the same in all scenarios in which it starts the server. */
export function orderOf(scenario: string, point: Point | undefined): string {
  const starting = point?.phase === START && STARTING.has(scenario);
  return starting || scenario === 'fallback' ? 'update' : scenario;
}

const START = 'line 0';
const STARTING = new Set(['update', 'fallback', 'rollback', 'retention']);

export function classOf(point: Point): string {
  return `${callOf(point)} after ${point.phase}`;
}

/** The class without its moment. */
export function callOf({ call, path }: Point): string {
  return `${call} ${kindOf(path)}`;
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
  return (tree === undefined ? path : `${tree}/FILE`).replace(NUMBERED, 'ID').replace(/[0-9a-f]{12,}/g, 'ID');
}

/** A file that is written under another name first is the same file. */
function fileOf(kind: string): string {
  return kind.replace(/\/\.([^/]+)\.ID\.tmp$/, '/$1');
}
