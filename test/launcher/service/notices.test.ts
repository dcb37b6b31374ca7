import { expect, test } from 'vitest';
import { createServiceNotices } from '../../../launcher/service/notices.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { ServiceMessage } from '../../../platform/service-manager.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';

const WATCHDOG_MS = 10_000;

function scene(watchdogMs: number | undefined, works = true) {
  const fake = createFakeClock();
  let stalledMs = 0;
  const clock = { ...fake, monotonic: () => fake.monotonic() + stalledMs };
  const log = createRecordingLog();
  const heard: ServiceMessage[] = [];
  const tell = (message: ServiceMessage) => {
    heard.push(message);
    return Promise.resolve(works ? succeed() : fail(faultOf('command-failed', 'nobody is there')));
  };
  const serviceManager = { ...(watchdogMs !== undefined && { watchdogMs }), tell };
  const stall = (milliseconds: number): void => {
    stalledMs += milliseconds;
  };
  return { clock, log, heard, stall, notices: createServiceNotices({ clock, log, serviceManager }) };
}

test('the watchdog is fed twice in its time, and more time is asked for until the launcher is ready', async () => {
  const { clock, heard, notices } = scene(WATCHDOG_MS);
  await clock.advance(5_000);
  const pulse = { WATCHDOG: '1', EXTEND_TIMEOUT_USEC: '15000000' };
  expect(heard).toEqual([pulse, pulse]);
  notices.ready();
  await clock.advance(9_999);
  expect(heard.slice(2)).toEqual([{ READY: '1' }, { WATCHDOG: '1' }]);
  notices.stopping();
  await clock.advance(1);
  expect(heard.slice(4)).toEqual([{ STOPPING: '1', EXTEND_TIMEOUT_USEC: '15000000' }, pulse]);
  await notices.close();
  await clock.advance(60_000);
  expect(heard).toHaveLength(6);
});

test('without a watchdog nothing is sent while nothing happens', async () => {
  const { clock, heard, notices } = scene(undefined);
  notices.status('The server is starting');
  notices.ready();
  await clock.advance(3_600_000);
  expect(heard).toEqual([{ EXTEND_TIMEOUT_USEC: '60000000', STATUS: 'The server is starting', READY: '1' }]);
  await notices.close();
});

test('of several states the newest is told, and none twice', async () => {
  const { clock, heard, notices } = scene(undefined);
  notices.ready();
  await clock.advance(0);
  heard.length = 0;
  for (const text of ['one', 'two', 'three', 'three']) notices.status(text);
  await notices.close();
  expect(heard).toEqual([{ STATUS: 'three' }]);
});

test('a service manager that does not listen is complained of once', async () => {
  const { clock, log, notices } = scene(WATCHDOG_MS, false);
  await clock.advance(60_000);
  await notices.close();
  expect(log.lines.filter(({ message }) => message.includes('service manager'))).toHaveLength(1);
});

test('a request to end right after a stand-still is the watchdog’s, a later one is not', async () => {
  const { clock, notices } = scene(WATCHDOG_MS);
  await clock.advance(12_000);
  expect(notices.wasHung()).toBe(false);
  const late = scene(WATCHDOG_MS);
  late.stall(10_001);
  expect(late.notices.wasHung()).toBe(true);
  await late.clock.advance(5_001);
  expect(late.notices.wasHung()).toBe(false);
  await notices.close();
  await late.notices.close();
});
