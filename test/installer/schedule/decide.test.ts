import { expect, test } from 'vitest';
import type { Release } from '../../../installer/release.ts';
import { decide, type Decision, heldBackReleases, type Situation } from '../../../installer/schedule/decide.ts';
import { nextTurn, phaseOf, rolloutShare } from '../../../installer/schedule/machine-share.ts';
import {
  afterTry,
  type EndedTry,
  marksOf,
  NO_TRIES,
  pausedUntil,
  type Tries,
} from '../../../installer/schedule/marks.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 5, 15, 12);
const MACHINE = '00112233445566778899aabbccddeeff';

function release(version: string, more: Partial<Release> = {}): Release {
  const file = { path: 'x', length: 1, sha256: `digest of ${version}` };
  const publishedAt = new Date(NOW - 3 * DAY_MS).toISOString();
  const address = { product: 'business', platform: 'linux-x64', channel: 'stable', version };
  const facts = { dataFormat: '1', notes: {}, unpackedBytes: 1, files: 1, publishedAt };
  return { ...address, ...facts, manifest: file, pack: file, ...more };
}

function situation(
  more: Partial<Omit<Situation, 'eligibility'>>,
  eligibility: Partial<Situation['eligibility']> = {},
): Situation {
  const machine = { now: NOW, bad: [], machineId: MACHINE, ...eligibility };
  return { mode: 'auto', offered: [release('1.0'), release('1.1')], live: '1.0', ...more, eligibility: machine };
}

function said(decision: Decision): string {
  if (decision.kind === 'take') return `take ${decision.release.version}`;
  if (decision.kind !== 'nothing') return decision.kind;
  const held = decision.heldBack.map(
    ({ release: { version }, hindrances }) => ` ${version}:${hindrances.map(({ kind }) => kind).join('+')}`,
  );
  return `nothing${decision.until === undefined ? '' : ' yet'}${held.join('')}`;
}

const share11 = rolloutShare(MACHINE, 'digest of 1.1');
const inside = { percentage: Math.ceil(share11 + 0.001) };
const outside = { percentage: Math.floor(share11) };
const soon = new Date(NOW + HOUR_MS).toISOString();

test.each<[string, Situation, string]>([
  ['manual does nothing', situation({ mode: 'manual' }), 'nothing'],
  ['stage takes what is due', situation({ mode: 'stage' }), 'take 1.1'],
  ['auto takes what is due', situation({}), 'take 1.1'],
  ['nothing newer', situation({ live: '1.1' }), 'nothing'],
  ['nothing on offer', situation({ offered: [] }), 'nothing'],
  ['unknown what is installed', situation({ live: undefined }), 'take 1.1'],
  ['never backwards', situation({ live: '2.0' }), 'nothing'],
  ['a pin on another version', situation({}, { pin: '1.0' }), 'nothing 1.1:pin'],
  [
    'the pinned one, though a newer is there',
    situation({ offered: [release('1.1'), release('1.2')] }, { pin: '1.1' }),
    'take 1.1',
  ],
  ['three days old with delayDays 3', situation({}, { delayDays: 3 }), 'take 1.1'],
  ['three days old with delayDays 4', situation({}, { delayDays: 4 }), 'nothing 1.1:delay'],
  [
    'published in the future of a clock set back',
    situation({}, { delayDays: 1, now: NOW - 5 * DAY_MS }),
    'nothing 1.1:delay',
  ],
  ['roll-out: this machine', situation({ offered: [release('1.1', { rollout: inside })] }), 'take 1.1'],
  ['roll-out: not this machine', situation({ offered: [release('1.1', { rollout: outside })] }), 'nothing 1.1:rollout'],
  ['roll-out: 0 %', situation({ offered: [release('1.1', { rollout: { percentage: 0 } })] }), 'nothing 1.1:rollout'],
  ['roll-out: 100 %', situation({ offered: [release('1.1', { rollout: { percentage: 100 } })] }), 'take 1.1'],
  [
    'roll-out: not begun',
    situation({ offered: [release('1.1', { rollout: { percentage: 100, startsAt: soon } })] }),
    'nothing 1.1:rollout-start',
  ],
  [
    'roll-out: begun',
    situation({ offered: [release('1.1', { rollout: { percentage: 100, startsAt: soon } })] }, { now: NOW + HOUR_MS }),
    'take 1.1',
  ],
  [
    'proved bad here',
    situation({}, { bad: [{ manifestSha256: 'digest of 1.1', code: 'server-exited' }] }),
    'nothing 1.1:bad',
  ],
  [
    'marked',
    situation({}, { marks: [{ manifestSha256: 'digest of 1.1', code: 'digest-mismatch', until: NOW + 1 }] }),
    'nothing 1.1:mark',
  ],
  [
    'a mark that is over',
    situation({}, { marks: [{ manifestSha256: 'digest of 1.1', code: 'digest-mismatch', until: NOW }] }),
    'take 1.1',
  ],
  ['withdrawn', situation({ offered: [release('1.1', { withdrawn: { at: soon } })] }), 'nothing 1.1:withdrawn'],
  [
    'one in between has to come first',
    situation({ offered: [release('1.1'), release('2.0', { from: '1.1' })] }),
    'take 1.1',
  ],
  [
    'the newest that this launcher may install',
    situation(
      { offered: [release('1.1'), release('1.2', { minClient: '3.1' }), release('1.3', { maxClient: '2.9' })] },
      { launcher: '3.0' },
    ),
    'take 1.1',
  ],
  [
    'none that asks for another launcher',
    situation({ offered: [release('1.1', { minClient: '3.1' })] }, { launcher: '3.0' }),
    'nothing 1.1:launcher-too-old',
  ],
  [
    'none that is for older launchers',
    situation({ offered: [release('1.1', { maxClient: '2.9' })] }, { launcher: '3.0' }),
    'nothing 1.1:launcher-too-new',
  ],
  [
    'the older one when the newest is held back',
    situation({
      offered: [release('1.2', { rollout: outside }), release('1.1'), release('1.3', { withdrawn: { at: soon } })],
    }),
    'take 1.1',
  ],
  [
    'every reason is told',
    situation({ offered: [release('1.1', { rollout: { percentage: 0 } })] }, { pin: '1.0', delayDays: 9 }),
    'nothing 1.1:pin+rollout+delay',
  ],
  ['paused after a failure', situation({ pausedUntil: NOW + 1 }), 'nothing yet'],
  ["another's order is left alone", situation({ order: { kind: 'other' } }), 'leave'],
  ['the own order waits for what is due', situation({ order: { kind: 'waiting', version: '1.1' } }), 'leave'],
  [
    'a newer one has come meanwhile',
    situation({ offered: [release('1.1'), release('1.2')], order: { kind: 'waiting', version: '1.1' } }),
    'drop',
  ],
  [
    'it was withdrawn meanwhile',
    situation({ offered: [release('1.1', { withdrawn: { at: soon } })], order: { kind: 'waiting', version: '1.1' } }),
    'drop',
  ],
  [
    'a pause does not drop it',
    situation({ pausedUntil: NOW + 1, order: { kind: 'waiting', version: '1.1' } }),
    'leave',
  ],
])('%s', (_, given, expected) => {
  expect(said(decide(given))).toBe(expected);
});

test('held back says until when', () => {
  const [held] = heldBackReleases([release('1.1')], '1.0', situation({}, { delayDays: 4 }).eligibility);
  expect(held?.hindrances).toEqual([{ kind: 'delay', until: NOW + DAY_MS }]);
});

test('a roll-out takes the share that it says, keeps whom it has, and differs from release to release', () => {
  const machines = Array.from({ length: 4_000 }, (_, index) => index.toString(16).padStart(32, '0'));
  const taken = (digest: string, percentage: number): Set<string> =>
    new Set(machines.filter((id) => rolloutShare(id, digest) < percentage));
  const [ten, half] = [taken('a', 10), taken('a', 50)];
  expect(ten.size / machines.length).toBeCloseTo(0.1, 1);
  expect(half.size / machines.length).toBeCloseTo(0.5, 1);
  expect([...ten].every((id) => half.has(id))).toBe(true);
  const other = taken('b', 10);
  expect([...ten].filter((id) => other.has(id)).length).toBeLessThan(ten.size / 2);
});

test('machines look at different moments, each once an interval and always at its own', () => {
  const phases = Array.from({ length: 1_000 }, (_, index) => phaseOf(index.toString(16), 6 * HOUR_MS));
  const inFirstHour = phases.filter((phase) => phase < HOUR_MS).length;
  expect(inFirstHour / 1_000).toBeCloseTo(1 / 6, 1);
  const first = nextTurn(MACHINE, 6 * HOUR_MS, NOW);
  expect(first).toBeGreaterThan(NOW);
  expect(first - NOW).toBeLessThanOrEqual(6 * HOUR_MS);
  expect(nextTurn(MACHINE, 6 * HOUR_MS, first)).toBe(first + 6 * HOUR_MS);
  expect(nextTurn(MACHINE, 6 * HOUR_MS, first - 1)).toBe(first);
});

const tried = { manifestSha256: 'digest of 1.1', version: '1.1' };
const failing = (code: EndedTry['code'], hours: number): EndedTry => ({
  outcome: 'refused',
  at: NOW + hours * HOUR_MS,
  code,
  release: tried,
});
const after = (ends: readonly EndedTry[]): Tries => ends.reduce(afterTry, NO_TRIES);

test('three tries that the release may have spoilt, then a day of rest, then three more', () => {
  const two = after([0, 1].map((hours) => failing('digest-mismatch', hours)));
  expect(marksOf(two, NOW + HOUR_MS)).toEqual([]);
  const three = afterTry(two, failing('bundle-incomplete', 2));
  const until = NOW + 26 * HOUR_MS;
  expect(marksOf(three, NOW + 2 * HOUR_MS)).toEqual([
    { manifestSha256: 'digest of 1.1', code: 'bundle-incomplete', until },
  ]);
  expect(marksOf(three, until - 1)).toHaveLength(1);
  expect(marksOf(three, until)).toEqual([]);
  expect(marksOf(afterTry(three, failing('digest-mismatch', 30)), NOW + 30 * HOUR_MS)).toEqual([]);
  expect(afterTry(three, { ...failing(undefined, 30), outcome: 'updated' })).toEqual(NO_TRIES);
});

test.each([
  'disk-full',
  'space-short',
  'server-port-taken',
  'name-not-resolved',
  'clock-wrong',
  'connection-refused',
  'metadata-expired',
  'rights-missing',
  'backup-running',
] as const)('the environment is not the version: %s leaves no mark, only a pause', (code) => {
  const many = after(Array.from({ length: 9 }, (_, hours) => failing(code, hours)));
  expect(many.releases).toEqual([]);
  expect(marksOf(many, NOW + 8 * HOUR_MS)).toEqual([]);
  expect(pausedUntil(many, NOW + 8 * HOUR_MS)).toBe(NOW + 32 * HOUR_MS);
});

test('pauses double from an hour to a day, and a clock that was set back does not lengthen them', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((failures) => {
    const tries = { ...NO_TRIES, failures, lastFailureAt: NOW };
    return ((pausedUntil(tries, NOW) ?? NOW) - NOW) / HOUR_MS;
  });
  expect(pauses).toEqual([1, 2, 4, 8, 16, 24, 24]);
  expect(pausedUntil({ ...NO_TRIES, failures: 1, lastFailureAt: NOW }, NOW - DAY_MS)).toBeUndefined();
  expect(marksOf({ ...NO_TRIES, releases: [{ ...tried, tries: 3, lastAt: NOW, code: 'x' }] }, NOW - DAY_MS)).toEqual(
    [],
  );
});

test('a person who cancels means it; the schedule that gives up does not', () => {
  const cancelled = { outcome: 'cancelled', at: NOW, release: tried } as const;
  expect(marksOf(after([{ ...cancelled, cancelledBy: 'anna' }]), NOW)).toMatchObject([{ code: 'cancelled' }]);
  expect(after([cancelled])).toEqual(NO_TRIES);
});
