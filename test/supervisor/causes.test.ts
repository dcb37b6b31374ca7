import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lineMatches } from '../../supervisor/causes/word-pattern.ts';
import { takenBy } from '../../supervisor/probes/port-owner.ts';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { succeed } from '../../platform/result.ts';
import { openPlatform } from '../../platform/current.ts';
import { until } from '../kit/until.ts';
import { controlOf, SERVER_PROGRAM, supervise, type Supervised } from './supervised.ts';

test.each([
  { line: 'FATAL: License file is MISSING', pattern: 'licen*e*missing', fits: true },
  { line: 'no licence', pattern: 'no licen*e', fits: true },
  { line: 'missing license', pattern: 'licen*e*missing', fits: false },
  { line: 'licence ok', pattern: 'licen*e*missing', fits: false },
  { line: 'anything', pattern: '*', fits: false },
  { line: `${'a'.repeat(5_000)}end`, pattern: 'end', fits: false },
  { line: 'a'.repeat(100_000), pattern: '*a*'.repeat(60) + 'b', fits: false },
])('$pattern fits: $fits', ({ line, pattern, fits }) => {
  expect(lineMatches(line, pattern)).toBe(fits);
});

/** The longest delay is far beyond the test's patience: whatever restarts here does so because the cause is gone. */
const SLOW = (given: ServerOptions): ServerOptions => ({
  ...given,
  restart: { ...given.restart, firstDelayMs: 20, maximumDelayMs: 600_000 },
});

async function untilWaiting({ control }: Supervised) {
  return until(() => {
    const state = control.state();
    return state.kind === 'waiting' ? state : undefined;
  });
}

test('a foreign program on the port is named; the server starts as soon as it is gone, and not before', async () => {
  const scene = await supervise(['--port', '{port}'], SLOW);
  const stranger = spawn(process.execPath, [SERVER_PROGRAM, '--port', String(scene.port)], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await until(async () => (await scene.platform.processes.portHolders(scene.port)).length > 0);
  await scene.control.start();
  const waiting = await untilWaiting(scene);
  expect(waiting).toMatchObject({
    untilGone: true,
    attempt: 1,
    cause: {
      code: 'server-port-taken',
      values: { port: scene.port, pid: stranger.pid, holder: 'node', holderAccount: userInfo().username },
      cause: { code: 'server-exited' },
    },
  });
  expect(waiting.startAt - waiting.since).toBeGreaterThan(400_000);
  stranger.kill('SIGKILL');
  await once(stranger, 'exit');
  await until(() => scene.control.state().kind === 'up');
  expect(scene.control.counts()).toEqual({ starts: 2, crashes: 1 });
});

test('of a program that the system hides, at least the account is named', async () => {
  const scene = await supervise(['--port', '{port}']);
  const listener = createServer().listen(scene.port, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  const fault = await takenBy(scene.platform.processes, scene.port, undefined);
  expect(fault).toMatchObject({
    detail: `port ${scene.port} is held by a program of another account: ${userInfo().username}`,
    values: { port: scene.port, holderAccount: userInfo().username },
  });
});

test('a full volume is named, and the server starts when there is space again', async () => {
  const first = await supervise(['--exit-after', '10', '--exit-code', '5'], SLOW);
  const platform = openPlatform();
  let freeBytes = 1_000;
  const space = () => Promise.resolve(succeed({ device: 'd', freeBytes, totalBytes: 1e9 }));
  const options = { ...first.options, causes: { ...first.options.causes, minimumFreeBytes: 1_000_000 } };
  const scene = controlOf(first.folder, first.port, options, false, { files: { ...platform.files, space } });
  await scene.control.start();
  expect(await untilWaiting(scene)).toMatchObject({
    untilGone: true,
    cause: { code: 'server-disk-full', values: { freeBytes: 1_000, neededBytes: 1_000_000 } },
  });
  freeBytes = 2_000_000;
  await until(() => scene.control.counts().starts === 2);
});

test('data that another program has open are named with it, and waited for', async () => {
  const scene = await supervise(['--exit-after', '10', '--exit-code', '5'], (given) => ({
    ...SLOW(given),
    causes: { ...given.causes, dataPaths: [join(given.workingDirectory, 'data.4dd')] },
  }));
  const data = join(scene.folder, 'data.4dd');
  writeFileSync(data, 'data');
  const holder = spawn(process.execPath, [SERVER_PROGRAM, '--hold', data], { stdio: 'ignore' });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await until(async () => (await scene.platform.processes.holdersOf(data)).length > 0);
  // Our own descriptor is no reason to wait.
  const own = openSync(data, 'r');
  onTestFinished(() => closeSync(own));
  await scene.control.start();
  expect(await untilWaiting(scene)).toMatchObject({
    untilGone: true,
    cause: {
      code: 'server-data-held',
      path: data,
      values: { holder: expect.stringContaining(`(process ${holder.pid})`) as string },
    },
  });
  holder.kill('SIGKILL');
  await until(() => scene.control.counts().starts === 2);
});

test.each([
  { args: ['--exit-code', '0'], code: 'server-quit-early' },
  { args: ['--exit-code', '1', '--say', 'Fatal: license file is missing'], code: 'server-licence-missing' },
  { args: ['--exit-code', '1', '--say', 'write: No space left on device'], code: 'server-disk-full' },
])('$code goes to the slow lane at once, with an alarm', async ({ args, code }) => {
  const scene = await supervise(['--exit-after', '10', ...args], SLOW);
  await scene.control.start();
  const waiting = await untilWaiting(scene);
  expect(waiting).toMatchObject({ attempt: 1, cause: { code, cause: { code: 'server-exited' } } });
  expect(waiting).not.toHaveProperty('untilGone');
  expect(waiting.startAt - waiting.since).toBeGreaterThan(400_000);
  expect(scene.events.filter(({ kind }) => kind === 'alarm-raised')).toMatchObject([{ crashes: 1, cause: { code } }]);
  expect(scene.control.restarts()).toMatchObject({ crashes: 1, attempt: 1, alarmSince: expect.any(Number) as number });
});
