import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRestart, planSlowRestart } from '../../supervisor/restart-policy.ts';

const OPTIONS = { stableMs: 60_000, firstDelayMs: 1_000, maximumDelayMs: 300_000, jitter: 0.2 };
const MIDDLE = 0.5;

test.each([
  { attempt: 0, readyForMs: 0, delayMs: 1_000, next: 1 },
  { attempt: 1, readyForMs: 0, delayMs: 2_000, next: 2 },
  { attempt: 5, readyForMs: 0, delayMs: 32_000, next: 6 },
  { attempt: 8, readyForMs: 0, delayMs: 256_000, next: 9 },
  { attempt: 9, readyForMs: 0, delayMs: 300_000, next: 10 },
  { attempt: 5_000, readyForMs: 0, delayMs: 300_000, next: 5_001 },
  { attempt: 8, readyForMs: 30_000, delayMs: 16_000, next: 5 },
  { attempt: 8, readyForMs: 59_999, delayMs: 2_000, next: 2 },
  { attempt: 8, readyForMs: 60_000, delayMs: 0, next: 0 },
  { attempt: 0, readyForMs: 1e9, delayMs: 0, next: 0 },
])('attempt $attempt after $readyForMs ms of readiness waits $delayMs ms', ({ attempt, readyForMs, delayMs, next }) => {
  expect(planRestart({ attempt }, readyForMs, MIDDLE, OPTIONS)).toEqual({ delayMs, history: { attempt: next } });
});

test('the jitter spreads by its fraction and never beyond the maximum', () => {
  expect(planRestart({ attempt: 0 }, 0, 0, OPTIONS).delayMs).toBe(800);
  expect(planRestart({ attempt: 0 }, 0, 0.9999999, OPTIONS).delayMs).toBe(1_200);
  expect(planRestart({ attempt: 20 }, 0, 0.9999999, OPTIONS).delayMs).toBe(300_000);
});

test('the slow lane takes the longest delay at once, and counts on', () => {
  expect(planSlowRestart({ attempt: 3 }, MIDDLE, OPTIONS)).toEqual({ delayMs: 300_000, history: { attempt: 4 } });
  expect(planSlowRestart({ attempt: 0 }, 0, OPTIONS).delayMs).toBe(240_000);
});

test('whatever happened, there is a next start within the maximum delay', () => {
  const inputs = [fc.nat(), fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true })] as const;
  fc.assert(
    fc.property(...inputs, (attempt, readyForMs, fraction) => {
      const { delayMs, history } = planRestart({ attempt }, readyForMs, fraction, OPTIONS);
      return delayMs >= 0 && delayMs <= OPTIONS.maximumDelayMs && history.attempt <= attempt + 1;
    }),
  );
});
