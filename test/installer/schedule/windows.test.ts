import { expect, test } from 'vitest';
import { type MaintenanceWindow, nextOpening } from '../../../installer/schedule/windows.ts';

const ZURICH = 'Europe/Zurich';
const utc = (text: string): number => Date.parse(`${text}:00Z`);

function shown(window: MaintenanceWindow, now: string, zone = ZURICH, neededMs = 0): string {
  const opening = nextOpening({ windows: [window], zone }, utc(now), neededMs);
  if (opening === undefined) return 'never';
  return [opening.opensAt, opening.closesAt].map((at) => new Date(at).toISOString().slice(0, 16)).join(' – ');
}

// 2026: summer time in Zurich begins on Sunday, 29 March (02:00 → 03:00) and ends on Sunday, 25 October (03:00 → 02:00).
test.each<[string, MaintenanceWindow, string, string]>([
  ['winter: UTC+1', { from: '22:00', to: '23:30' }, '2026-01-05T12:00', '2026-01-05T21:00 – 2026-01-05T22:30'],
  ['summer: UTC+2', { from: '22:00', to: '23:30' }, '2026-07-06T12:00', '2026-07-06T20:00 – 2026-07-06T21:30'],
  [
    'over midnight, still open',
    { from: '22:00', to: '04:00' },
    '2026-01-06T02:00',
    '2026-01-05T21:00 – 2026-01-06T03:00',
  ],
  [
    'at the very end it is closed',
    { from: '22:00', to: '04:00' },
    '2026-01-06T03:00',
    '2026-01-06T21:00 – 2026-01-07T03:00',
  ],
  [
    'the day on which it opens counts',
    { days: ['sat'], from: '22:00', to: '04:00' },
    '2026-01-11T02:00',
    '2026-01-10T21:00 – 2026-01-11T03:00',
  ],
  [
    'only on that day',
    { days: ['sat'], from: '22:00', to: '04:00' },
    '2026-01-11T12:00',
    '2026-01-17T21:00 – 2026-01-18T03:00',
  ],
  [
    'from = to is a whole day',
    { days: ['sun'], from: '00:00', to: '00:00' },
    '2026-01-09T12:00',
    '2026-01-10T23:00 – 2026-01-11T23:00',
  ],
  [
    'spring: begins in the skipped hour',
    { from: '02:30', to: '04:00' },
    '2026-03-28T20:00',
    '2026-03-29T01:00 – 2026-03-29T02:00',
  ],
  [
    'spring: ends in the skipped hour',
    { from: '01:00', to: '02:30' },
    '2026-03-28T20:00',
    '2026-03-29T00:00 – 2026-03-29T01:00',
  ],
  [
    'spring: wholly in the skipped hour',
    { from: '02:10', to: '02:50' },
    '2026-03-28T20:00',
    '2026-03-30T00:10 – 2026-03-30T00:50',
  ],
  [
    'spring: weekly and wholly skipped',
    { days: ['sun'], from: '02:10', to: '02:50' },
    '2026-03-28T20:00',
    '2026-04-05T00:10 – 2026-04-05T00:50',
  ],
  [
    'spring: over the jump, an hour shorter',
    { from: '01:00', to: '04:00' },
    '2026-03-28T20:00',
    '2026-03-29T00:00 – 2026-03-29T02:00',
  ],
  [
    'autumn: begins in the doubled hour',
    { from: '02:30', to: '04:00' },
    '2026-10-24T20:00',
    '2026-10-25T00:30 – 2026-10-25T03:00',
  ],
  [
    'autumn: ends in the doubled hour',
    { from: '01:00', to: '02:30' },
    '2026-10-24T20:00',
    '2026-10-24T23:00 – 2026-10-25T00:30',
  ],
  [
    'autumn: wholly in the doubled hour',
    { from: '02:10', to: '02:50' },
    '2026-10-24T20:00',
    '2026-10-25T00:10 – 2026-10-25T00:50',
  ],
  [
    'autumn: not a second time',
    { from: '02:10', to: '02:50' },
    '2026-10-25T01:10',
    '2026-10-26T01:10 – 2026-10-26T01:50',
  ],
  [
    'autumn: over the jump, an hour longer',
    { from: '01:00', to: '04:00' },
    '2026-10-24T20:00',
    '2026-10-24T23:00 – 2026-10-25T03:00',
  ],
])('%s', (_, window, now, expected) => {
  expect(shown(window, now)).toBe(expected);
});

test('half an hour of summer time, and none at all', () => {
  // Lord Howe: 02:00 → 02:30 on 4 October 2026.
  expect(shown({ from: '02:15', to: '03:00' }, '2026-10-03T12:00', 'Australia/Lord_Howe')).toBe(
    '2026-10-03T15:30 – 2026-10-03T16:00',
  );
  expect(shown({ from: '02:30', to: '04:00' }, '2026-03-28T20:00', 'UTC')).toBe('2026-03-29T02:30 – 2026-03-29T04:00');
});

test('what needs longer than is left waits for the next opening, and never opens where it does not fit', () => {
  const window = { from: '22:00', to: '23:00' };
  expect(shown(window, '2026-01-05T21:30', ZURICH, 20 * 60_000)).toBe('2026-01-05T21:00 – 2026-01-05T22:00');
  expect(shown(window, '2026-01-05T21:45', ZURICH, 20 * 60_000)).toBe('2026-01-06T21:00 – 2026-01-06T22:00');
  expect(shown(window, '2026-01-05T21:45', ZURICH, 90 * 60_000)).toBe('never');
});

test('of several windows the earliest, and none without one', () => {
  const rule = {
    zone: ZURICH,
    windows: [
      { from: '23:00', to: '23:30' },
      { from: '12:30', to: '12:45' },
    ],
  };
  expect(nextOpening(rule, utc('2026-01-05T10:00'))?.opensAt).toBe(utc('2026-01-05T11:30'));
  expect(nextOpening({ windows: [] }, 0)).toBeUndefined();
});

test('every minute of the two nights: an opening is ahead of now or around it, and never shorter than nothing', () => {
  for (const night of ['2026-03-28T22:00', '2026-10-24T22:00']) {
    for (let minute = 0; minute < 360; minute += 7) {
      const now = utc(night) + minute * 60_000;
      const opening = nextOpening(
        {
          zone: ZURICH,
          windows: [
            { from: '02:30', to: '02:45' },
            { from: '01:50', to: '03:10' },
          ],
        },
        now,
      );
      expect(opening?.closesAt).toBeGreaterThan(Math.max(now, opening?.opensAt ?? Infinity));
    }
  }
});
