import { expect, test } from 'vitest';
import { RUNS_LIMIT_MS, RUNS_OF_A_FILE, storiesOfBroken } from './play-seeds.ts';

test('no run of the model breaks a promise, seeds from 1 on', { timeout: RUNS_LIMIT_MS }, async () => {
  expect(await storiesOfBroken(1, RUNS_OF_A_FILE)).toBe('');
});
