import { describe, expect, test } from 'vitest';
import type { ProcessRow } from '../../../platform/node/process-observer.ts';
import { processTree } from '../../../platform/node/process-tree.ts';

const SELF = 999;

/** `pid < parent, session, start` */
function row(pid: number, parentPid: number, sessionPid: number, startOrder = pid): ProcessRow {
  const identity = { pid, startTime: String(startOrder), bootId: 'boot' };
  return { identity, parentPid, sessionPid, startOrder, name: `p${pid}` };
}

const root = row(10, 1, 10);
const CASES: readonly {
  readonly name: string;
  readonly rows: readonly ProcessRow[];
  readonly carriers?: readonly ProcessRow[];
  readonly expected: readonly number[];
}[] = [
  { name: 'children and grandchildren', rows: [root, row(11, 10, 11), row(12, 11, 12)], expected: [10, 11, 12] },
  { name: 'orphans of the session', rows: [root, row(11, 1, 10)], expected: [10, 11] },
  { name: 'strangers stay out', rows: [root, row(11, 1, 1), row(12, 11, 11)], expected: [10] },
  {
    name: 'carriers of the nonce, with their children',
    rows: [root, row(20, 1, 20), row(21, 20, 20)],
    carriers: [row(20, 1, 20)],
    expected: [10, 20, 21],
  },
  {
    name: 'an older "child" belongs to a former process of that pid',
    rows: [root, row(11, 10, 11, 5), row(12, 10, 12, 10)],
    expected: [10, 12],
  },
  { name: 'a dead root leaves nothing that is surely its own', rows: [row(11, 1, 10)], expected: [] },
  {
    name: 'a dead root whose session has a carrier owns that session',
    rows: [row(11, 1, 10), row(12, 1, 10)],
    carriers: [row(11, 1, 10)],
    expected: [11, 12],
  },
  {
    name: 'a root whose pid was given again keeps the carriers only',
    rows: [row(10, 1, 10, 500), row(11, 10, 10, 501), row(20, 1, 20)],
    carriers: [row(20, 1, 20)],
    expected: [20],
  },
  { name: 'this process itself is never in it', rows: [root, row(SELF, 10, 10)], expected: [10] },
  { name: 'a circle of parents ends', rows: [root, row(11, 12, 10, 10), row(12, 11, 12, 10)], expected: [10, 11, 12] },
];

describe('the tree of a process', () => {
  test.each(CASES)('$name', ({ rows, carriers = [], expected }) => {
    const tree = processTree(rows, root.identity, carriers, SELF);
    expect(tree.map((identity) => identity.pid).sort((a, b) => a - b)).toEqual(expected);
  });
});
