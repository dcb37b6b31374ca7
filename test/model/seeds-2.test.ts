import { expect, test } from 'vitest';
import { firstBroken, storyOf } from './check-runs.ts';

const RUNS = 500;
const LIMIT_MS = 240_000;

test('no run of the model breaks a promise, seeds from 2000 on', { timeout: LIMIT_MS }, async () => {
  expect(storyOf(await firstBroken(2000, RUNS))).toBeUndefined();
});
