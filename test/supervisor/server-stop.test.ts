import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runScript } from '../kit/program.ts';
import { until } from '../kit/until.ts';
import { faultIn, valueOf } from './outcomes.ts';
import { grandchildOf, isRunning, SERVER_PROGRAM, supervise } from './supervised.ts';

test('a server that obeys the OS goes on the request, however slowly', async () => {
  const { control, events } = await supervise(['--port', '{port}', '--quit-takes', '500']);
  const { process } = valueOf(await control.start());
  const report = valueOf(await control.stop());
  expect(report).toMatchObject({ rung: 'request', exit: { kind: 'exited', code: 0 } });
  expect(report.tookMs).toBeGreaterThanOrEqual(450);
  expect(isRunning(process.pid)).toBe(false);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'ended', wanted: true }));
  expect(events.flatMap((event) => (event.kind === 'state' ? [event.state.kind] : []))).toEqual([
    'starting',
    'starting',
    'up',
    'stopping',
    'stopping',
    'stopped',
  ]);
  expect(control.counts().crashes).toBe(0);
});

test('a server that cooperates is ordered to quit, and nothing else is needed', async () => {
  const { control, link, platform } = await supervise(['--port', '{port}', '--ignore-terminate']);
  const { process } = valueOf(await control.start());
  const order = link.take(10_000);
  const stop = control.stop({ reason: 'update' });
  expect(await order).toMatchObject({ kind: 'quit', reason: 'update' });
  await platform.processes.signal(process, 'kill');
  expect(valueOf(await stop).rung).toBe('order');
});

test('a health command that hangs in the bundle ends with the server, and keeps nobody waiting', async () => {
  // Passes once, for the start, and holds a file of the bundle from then on.
  const script = 'cd "$0" && [ ! -e ../hang ] && exec true; exec 9< resource.txt; echo hangs > ../hangs; exec sleep 60';
  const { control, folder } = await supervise(['--port', '{port}'], (given) => ({
    ...given,
    probes: [{ kind: 'command', command: ['/bin/sh', '-c', script, given.bundle], timeoutMs: 60_000 }],
  }));
  valueOf(await control.start());
  writeFileSync(join(folder, 'hang'), '');
  await until(() => existsSync(join(folder, 'hangs')), 'the health command to hang');
  expect(valueOf(await control.stop()).rung).toBe('request');
});

test('a start after a proven stop looks for nothing of the run before once more', async () => {
  const scene = await supervise(['--port', '{port}']);
  const looks = vi.spyOn(scene.platform.processes, 'findByNonce');
  valueOf(await scene.control.start());
  looks.mockClear();
  valueOf(await scene.control.stop());
  expect(looks).toHaveBeenCalledOnce();
  looks.mockClear();
  valueOf(await scene.control.start());
  expect(looks).not.toHaveBeenCalled();
  valueOf(await scene.control.stop());
  // Another launcher has proven nothing yet.
  const later = scene.successor();
  const its = vi.spyOn(later.platform.processes, 'findByNonce');
  valueOf(await later.control.start());
  expect(its).toHaveBeenCalled();
});

test('a configured command takes the place of the signal, with the process as an argument', async () => {
  const { control } = await supervise(['--port', '{port}'], (given) => ({
    ...given,
    stop: { ...given.stop, request: { kind: 'command', command: ['/bin/kill', '-INT', '{pid}'] } },
  }));
  valueOf(await control.start());
  expect(valueOf(await control.stop())).toMatchObject({ rung: 'request', exit: { kind: 'signalled' } });
});

test('a server that ignores the request is killed as the last resort', async () => {
  const { control } = await supervise(['--port', '{port}', '--ignore-terminate'], (given) => ({
    ...given,
    stop: { ...given.stop, requestMs: 200 },
  }));
  const { process } = valueOf(await control.start());
  expect(valueOf(await control.stop())).toMatchObject({ rung: 'kill', exit: { kind: 'signalled' } });
  expect(isRunning(process.pid)).toBe(false);
});

test('a server that must not be killed survives, is named, and is watched on', async () => {
  const { control } = await supervise(['--port', '{port}', '--ignore-terminate'], (given) => ({
    ...given,
    stop: { ...given.stop, requestMs: 200, kill: 'never' },
  }));
  const { process } = valueOf(await control.start());
  const fault = faultIn(await control.stop());
  expect(fault.code).toBe('server-survived-stop');
  expect(fault.values?.['survivors']).toContain(String(process.pid));
  expect(isRunning(process.pid)).toBe(true);
  expect(control.state()).toMatchObject({ kind: 'degraded', process: { pid: process.pid } });
  await until(() => control.state().kind === 'up');
});

test.each([
  { report: { backupRunning: true }, done: { backupRunning: false }, cause: 'backup-running' },
  { report: { progress: 'converting data 40 %' }, done: { progress: '' }, cause: 'server-survived-stop' },
])('nothing is killed while the server reports $report', async ({ report, done, cause }) => {
  const { control, link } = await supervise(['--port', '{port}', '--ignore-terminate'], (given) => ({
    ...given,
    stop: { ...given.stop, requestMs: 150 },
  }));
  const { process } = valueOf(await control.start());
  link.receive(report);
  expect(faultIn(await control.stop())).toMatchObject({ code: 'server-survived-stop', cause: { code: cause } });
  expect(isRunning(process.pid)).toBe(true);
  link.receive(done);
  expect(valueOf(await control.stop()).rung).toBe('kill');
});

test.each([
  { kind: 'with-nonce', rung: 'kill' },
  { kind: 'without-nonce', rung: 'kill' },
  { kind: 'double-forked', rung: 'kill' },
  { kind: 'obedient', rung: 'request' },
])('a grandchild in a session of its own, $kind, is ended too', async ({ kind, rung }) => {
  const scene = await supervise(['--port', '{port}', '--grandchild', kind]);
  const { control, output } = scene;
  valueOf(await control.start());
  const grandchild = await grandchildOf(scene);
  expect(isRunning(grandchild)).toBe(true);
  expect(valueOf(await control.stop()).rung).toBe(rung);
  expect(isRunning(grandchild)).toBe(false);
  expect(output().includes('grandchild ended well')).toBe(kind === 'obedient');
});

test('what outlives a server that died during a backup is asked to end, named, and not killed', async () => {
  const scene = await supervise(
    ['--port', '{port}', '--grandchild', 'double-forked', '--ignore-terminate'],
    (given) => ({
      ...given,
      stop: { ...given.stop, proveMs: 600 },
    }),
  );
  const { control, link, platform } = scene;
  const { process } = valueOf(await control.start());
  const grandchild = await grandchildOf(scene);
  link.receive({ backupRunning: true });
  const stop = control.stop();
  await until(() => control.state().kind === 'stopping');
  await platform.processes.signal(process, 'kill');
  const fault = faultIn(await stop);
  expect(fault).toMatchObject({ code: 'server-survived-stop', values: { survivors: `node (process ${grandchild})` } });
  expect(isRunning(grandchild)).toBe(true);
  expect(control.state()).toMatchObject({ kind: 'held', reason: { code: 'server-survived-stop' } });
  link.receive({ backupRunning: false });
  expect(valueOf(await control.stop()).rung).toBe('kill');
  expect(isRunning(grandchild)).toBe(false);
});

test('a grandchild that may not be killed is named, and the next start refuses to make a second server', async () => {
  const scene = await supervise(['--port', '{port}', '--grandchild', 'with-nonce'], (given) => ({
    ...given,
    stop: { ...given.stop, kill: 'never', proveMs: 300 },
  }));
  const { control, platform } = scene;
  valueOf(await control.start());
  const grandchild = await grandchildOf(scene);
  expect(faultIn(await control.stop()).values?.['survivors']).toContain(`node (process ${grandchild})`);
  expect(control.state()).toMatchObject({ kind: 'held', reason: { code: 'server-survived-stop' } });
  expect(faultIn(await control.start()).code).toBe('server-survived-stop');
  const identity = await platform.processes.identify(grandchild);
  if (identity) await platform.processes.signal(identity, 'kill');
  valueOf(await control.start());
});

test('the stop is not proven while another program holds a file of the bundle', async () => {
  const { control, options } = await supervise(['--port', '{port}'], (given) => ({
    ...given,
    stop: { ...given.stop, proveMs: 400 },
  }));
  valueOf(await control.start());
  const holder = runScript(SERVER_PROGRAM, ['--hold', join(options.bundle, 'resource.txt'), '--say', 'holding']);
  await holder.said(/holding/);
  const fault = faultIn(await control.stop());
  expect(fault.code).toBe('server-survived-stop');
  expect(fault.values?.['survivors']).toContain(String(holder.pid));
  holder.signal('SIGKILL');
  await holder.ended;
  expect(valueOf(await control.stop()).rung).toBe('prove');
  expect(control.state().kind).toBe('stopped');
});
