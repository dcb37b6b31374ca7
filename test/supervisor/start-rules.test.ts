import { expect, test } from 'vitest';
import { childEnvironment, withLaunchValues } from '../../supervisor/child-environment.ts';
import { replacePlaceholders } from '../../supervisor/placeholders.ts';
import { extendDeadline, hasMoved } from '../../supervisor/start-progress.ts';

const VALUES = { bundle: '/om/Business', launcherUrl: 'http://127.0.0.1:1', tokenFile: '/state/token', nonce: 'abc' };
const PROTOCOL = {
  OM_LAUNCH_NONCE: 'abc',
  OM_LAUNCHER_URL: 'http://127.0.0.1:1',
  OM_LAUNCHER_TOKEN_FILE: '/state/token',
};

test.each([
  { machine: { PATH: '/bin', LC_ALL: 'de_CH', SystemRoot: 'C:\\Windows', TZ: 'UTC' }, inherited: true },
  { machine: { NOTIFY_SOCKET: '/run/x', WATCHDOG_PID: '1', OM_TOKEN: 's', SMTP_PASSWORD: 's', NODE_OPTIONS: 'x' } },
  { machine: { OM_LAUNCH_NONCE: 'of another start', HOME: undefined } },
])('of $machine the server inherits only what it needs', ({ machine, inherited }) => {
  expect(childEnvironment(machine, {}, VALUES)).toEqual({ ...(inherited && machine), ...PROTOCOL });
});

test('configured additions win over the machine, never over the protocol', () => {
  const additions = { LANG: 'fr_CH', OM_LAUNCHER_URL: 'forged', WATCHDOG_USEC: '1', OM_DATA: '{bundle}/{nonce}' };
  expect(childEnvironment({ LANG: 'C' }, additions, VALUES)).toEqual({
    LANG: 'fr_CH',
    OM_DATA: '/om/Business/{nonce}',
    ...PROTOCOL,
  });
});

test.each([
  ['{a}{b}{c}', '{b}1{c}'],
  ['{toString} {} { a }', '{toString} {} { a }'],
])('%s is filled once and only with what is known', (text, filled) => {
  expect(replacePlaceholders(text, { a: '{b}', b: '1' })).toBe(filled);
});

test('launch values are filled in', () => {
  expect(withLaunchValues('{"url":"{launcherUrl}","token":"{tokenFile}"}', VALUES)).toBe(
    '{"url":"http://127.0.0.1:1","token":"/state/token"}',
  );
});

const LOOK = { at: 1_000, outputBytes: 10, cpuMs: 100, ioBytes: 1_000 };

test.each([
  { change: {}, moved: false },
  { change: { outputBytes: 11 }, moved: true },
  { change: { outputBytes: 0 }, moved: false },
  { change: { text: 'converting 1 %' }, moved: true },
  { change: { cpuMs: 199 }, moved: false },
  { change: { cpuMs: 200 }, moved: true },
  { change: { ioBytes: 1_000 + 65_535 }, moved: false },
  { change: { ioBytes: 1_000 + 65_536 }, moved: true },
])('one second later $change is progress: $moved', ({ change, moved }) => {
  expect(hasMoved(LOOK, { ...LOOK, at: 2_000, ...change })).toBe(moved);
});

test.each([
  { at: 5_000, moved: false, deadline: 10_000 },
  { at: 5_000, moved: true, deadline: 10_000 },
  { at: 9_000, moved: true, deadline: 13_000 },
  { at: 29_000, moved: true, deadline: 30_000 },
])('progress ($moved) at $at makes the deadline $deadline', ({ at, moved, deadline }) => {
  const limits = { limitMs: 10_000, extendMs: 4_000, hardLimitMs: 30_000 };
  expect(extendDeadline(10_000, 0, at, moved, limits)).toBe(deadline);
});
