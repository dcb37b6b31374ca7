import { expect, test } from 'vitest';
import { faultOf } from '../../platform/fault.ts';
import { until } from '../kit/until.ts';
import { faultIn, valueOf } from './outcomes.ts';
import { supervise } from './supervised.ts';

const UPDATE = faultOf('update-running', 'an update is under way');

test('a server that stops answering is degraded, never killed, and up again when it answers', async () => {
  const { control } = await supervise(['--port', '{port}', '--deaf-on-signal']);
  const { process: server } = valueOf(await control.start());
  process.kill(server.pid, 'SIGUSR2');
  await until(() => control.state().kind === 'degraded');
  expect(await control.sampleHealth()).toMatchObject({ ready: false, fault: { code: 'server-unhealthy' } });
  process.kill(server.pid, 'SIGUSR2');
  await until(() => control.state().kind === 'up');
  expect(control.state()).toMatchObject({ process: server });
  expect(control.counts()).toEqual({ starts: 1, crashes: 0 });
});

test('an end is noticed at once, and nothing restarts a held server until it is resumed', async () => {
  const { control, events } = await supervise(['--port', '{port}']);
  const { process: server } = valueOf(await control.start());
  control.hold(UPDATE);
  expect(control.state().kind).toBe('up');
  process.kill(server.pid, 'SIGKILL');
  const killedAt = performance.now();
  await until(() => events.some(({ kind }) => kind === 'ended'));
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  await until(() => control.state().kind === 'held');
  expect(control.state()).toMatchObject({ reason: { code: 'update-running', cause: { code: 'server-exited-early' } } });
  expect(await control.sampleHealth()).toMatchObject({ ready: false, fault: { code: 'server-stopped' } });
  control.resume();
  await until(() => control.state().kind === 'up');
  expect(control.counts()).toEqual({ starts: 2, crashes: 1 });
});

test('an explicit start runs a held server; a stop leaves it held; resume starts it', async () => {
  const { control } = await supervise(['--port', '{port}']);
  control.hold(UPDATE);
  expect(control.state().kind).toBe('held');
  valueOf(await control.start());
  valueOf(await control.stop());
  expect(control.state()).toMatchObject({ kind: 'held', reason: UPDATE });
  control.resume();
  control.resume();
  await until(() => control.state().kind === 'up');
  expect(control.counts().starts).toBe(2);
});

test('a hold takes a planned restart back', async () => {
  const { control } = await supervise(['--exit-after', '10'], (given) => ({
    ...given,
    restart: { ...given.restart, firstDelayMs: 300 },
  }));
  faultIn(await control.start());
  await until(() => control.state().kind === 'waiting');
  control.hold(UPDATE);
  expect(control.state().kind).toBe('held');
  const { starts } = control.counts();
  control.resume();
  await until(() => control.counts().starts === starts + 1);
});

test('draining is shown while it lasts', async () => {
  const { control } = await supervise(['--port', '{port}']);
  valueOf(await control.start());
  control.drain(true);
  expect(control.state().kind).toBe('draining');
  valueOf(await control.start());
  control.drain(false);
  expect(control.state().kind).toBe('up');
});

test('the version that the server reports is shown', async () => {
  const { control, link, events } = await supervise(['--port', '{port}'], (given) => ({
    ...given,
    probes: [{ kind: 'cooperative' }],
  }));
  const start = control.start();
  await until(() => events.some(({ kind }) => kind === 'started'));
  link.receive({ progress: 'converting data 10 %' });
  await until(() => {
    const state = control.state();
    return state.kind === 'starting' && state.progress !== undefined;
  });
  link.receive({ ready: true, version: '22.1' });
  expect(valueOf(await start).version).toBe('22.1');
  link.receive({ version: '22.2' });
  expect(control.state()).toMatchObject({ kind: 'up', version: '22.2' });
});
