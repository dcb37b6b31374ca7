import { expect, test } from 'vitest';
import type { StopOptions } from '../../supervisor/server-options.ts';
import { longestStopMs, rungsBeyond, stopBudget } from '../../supervisor/stop-budget.ts';

const STOP: StopOptions = {
  orderMs: 60_000,
  request: { kind: 'signal', signal: 'terminate' },
  requestMs: 30_000,
  kill: 'last-resort',
  proveMs: 20_000,
};

test('the longest stop holds the wait for a busy server and the kill', () => {
  expect(stopBudget(STOP)).toEqual([
    { rung: 'order', limitMs: 60_000 },
    { rung: 'request', limitMs: 60_000 },
    { rung: 'kill', limitMs: 5_000 },
    { rung: 'prove', limitMs: 20_000 },
  ]);
  expect(longestStopMs(STOP)).toBe(145_000);
  expect(longestStopMs({ ...STOP, kill: 'never' })).toBe(140_000);
});

test.each([
  { limitMs: 145_000, rungs: [] },
  { limitMs: 144_999, rungs: ['prove'] },
  { limitMs: 124_000, rungs: ['kill', 'prove'] },
  { limitMs: 60_000, rungs: ['request', 'kill', 'prove'] },
  { limitMs: 10_000, rungs: ['order', 'request', 'kill', 'prove'] },
])('killed after $limitMs ms, $rungs are cut off', ({ limitMs, rungs }) => {
  expect(rungsBeyond(STOP, limitMs)).toEqual(rungs);
});
