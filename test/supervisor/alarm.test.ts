import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { faultOf } from '../../platform/fault.ts';
import { createAlarm, withinWindow } from '../../supervisor/alarm.ts';
import type { ServerEvent } from '../../supervisor/server-control.ts';
import { createStateStore } from '../../supervisor/state-store.ts';
import { createFakeClock, type FakeClock } from '../kit/fake-clock.ts';
import { createRecordingLog } from '../kit/recording-log.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const MINUTE = 60_000;
const CAUSE = faultOf('server-exited', 'the server ended with status 1');
const PROCESS = { pid: 1, startTime: '1', bootId: 'b' };
const { files } = openPlatform();

function launcher(clock: FakeClock, folder: string) {
  const log = createRecordingLog();
  const store = createStateStore(clock, log);
  const ending = new AbortController();
  const tasks: Promise<unknown>[] = [];
  const alarm = createAlarm({
    ...{ clock, files, log, store, folder },
    limits: { crashes: 5, windowMs: 10 * MINUTE },
    signal: ending.signal,
    inBackground: (work) => void tasks.push(work),
  });
  const told: ServerEvent[] = [];
  store.subscribe((event) => {
    if (event.kind !== 'state') told.push(event);
  });
  const up = () => {
    store.apply({ kind: 'start-began', at: clock.now(), deadline: clock.now() });
    store.apply({ kind: 'became-ready', at: clock.now(), process: PROCESS });
  };
  const crash = () => {
    store.apply({ kind: 'exited', at: clock.now(), exit: { kind: 'gone' } });
    alarm.noteFailure(CAUSE);
  };
  const end = async () => {
    ending.abort();
    await Promise.all(tasks);
  };
  onTestFinished(end);
  return { alarm, told, store, up, crash, end, kinds: () => told.map(({ kind }) => kind) };
}

/** So many runs that become ready and crash at once. */
function fail(times: number, { up, crash }: Pick<ReturnType<typeof launcher>, 'up' | 'crash'>): void {
  for (let count = 0; count < times; count += 1) {
    up();
    crash();
  }
}

test.each([
  { everyMinutes: 0.1, crashes: 4, alarms: 0 },
  { everyMinutes: 0.1, crashes: 5, alarms: 1 },
  { everyMinutes: 2.4, crashes: 5, alarms: 1 },
  { everyMinutes: 2.5, crashes: 50, alarms: 0 },
  { everyMinutes: 1, crashes: 200, alarms: 1 },
])('$crashes crashes, one each $everyMinutes min, raise $alarms alarms', async ({ everyMinutes, crashes, alarms }) => {
  const clock = createFakeClock();
  const { up, crash, kinds } = launcher(clock, temporaryFolder('alarm'));
  for (let count = 0; count < crashes; count += 1) {
    up();
    crash();
    await clock.advance(everyMinutes * MINUTE);
  }
  expect(kinds()).toEqual(Array(alarms).fill('alarm-raised'));
});

test('is over after a whole window of being up, once, and a next trouble is a new alarm', async () => {
  const clock = createFakeClock();
  const scene = launcher(clock, temporaryFolder('alarm'));
  const { alarm, up, told, kinds, store } = scene;
  fail(6, scene);
  up();
  await clock.advance(9 * MINUTE);
  store.apply({ kind: 'probes-failed', at: clock.now(), process: PROCESS, fault: CAUSE });
  store.apply({ kind: 'became-ready', at: clock.now(), process: PROCESS });
  await clock.advance(9 * MINUTE);
  expect(kinds()).toEqual(['alarm-raised']);
  // Users who are asked out do not make it unwell.
  store.apply({ kind: 'drain-began', at: clock.now() });
  await clock.advance(2 * MINUTE);
  expect(kinds()).toEqual(['alarm-raised', 'alarm-over']);
  expect(alarm.facts()).toEqual({ crashes: 0, windowMs: 10 * MINUTE });
  store.apply({ kind: 'drain-ended', at: clock.now() });
  await clock.advance(60 * MINUTE);
  fail(5, scene);
  up();
  expect(kinds()).toEqual(['alarm-raised', 'alarm-over', 'alarm-raised']);
  const [first, , second] = told.map((event) => ('since' in event ? event.since : 0));
  expect(second).toBeGreaterThan(first ?? Infinity);
});

test('the next launcher neither repeats nor forgets it', async () => {
  const clock = createFakeClock();
  const folder = temporaryFolder('alarm');
  const path = join(folder, 'server-alarm.json');
  const one = launcher(clock, folder);
  fail(5, one);
  await until(() => existsSync(path));
  await one.end();
  const next = launcher(clock, folder);
  await next.alarm.load();
  fail(9, next);
  expect(next.kinds()).toEqual([]);
  expect(next.alarm.facts()).toMatchObject({ crashes: 9, alarmSince: (one.told[0] as { since: number }).since });
  next.up();
  await clock.advance(10 * MINUTE);
  expect(next.kinds()).toEqual(['alarm-over']);
  await until(() => !existsSync(path));
});

test('a wall clock that jumps neither raises nor ends anything', async () => {
  const clock = createFakeClock();
  const scene = launcher(clock, temporaryFolder('alarm'));
  const { up, crash, kinds } = scene;
  fail(4, scene);
  clock.jump(-3_600_000);
  up();
  crash();
  expect(kinds()).toEqual(['alarm-raised']);
  up();
  clock.jump(24 * 3_600_000);
  await clock.advance(9 * MINUTE);
  expect(kinds()).toEqual(['alarm-raised']);
});

test.each([
  { text: '', left: 'aside' },
  { text: '{', left: 'aside' },
  { text: '[]', left: 'aside' },
  { text: '{"schema":1}', left: 'aside' },
  { text: '{"schema":1,"since":-1}', left: 'aside' },
  { text: '{"schema":2,"since":1}', left: 'as it is' },
])('a record $text that is damaged or of a newer launcher is none', async ({ text, left }) => {
  const folder = temporaryFolder('alarm');
  writeFileSync(join(folder, 'server-alarm.json'), text);
  const { alarm } = launcher(createFakeClock(), folder);
  await alarm.load();
  expect(alarm.facts()).not.toHaveProperty('alarmSince');
  expect(existsSync(join(folder, 'server-alarm.json'))).toBe(left === 'as it is');
});

test('what a later launcher adds to a record is read over', async () => {
  const folder = temporaryFolder('alarm');
  writeFileSync(join(folder, 'server-alarm.json'), '{"schema":1,"since":7,"mood":"good"}');
  const { alarm } = launcher(createFakeClock(), folder);
  await alarm.load();
  expect(alarm.facts()).toMatchObject({ alarmSince: 7 });
});

test('what is as old as the window counts no more', () => {
  expect(withinWindow([0, 1, 100], 100, 100)).toEqual([1, 100]);
});
