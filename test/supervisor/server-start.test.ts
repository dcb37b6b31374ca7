import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../kit/until.ts';
import { faultIn, valueOf } from './outcomes.ts';
import { isRunning, supervise, type Supervised } from './supervised.ts';

test('a server that listens is up, and everything it was promised is in place', async () => {
  const { control, link, output, record, options, events } = await supervise(['--port', '{port}'], (given) => ({
    ...given,
    args: [...given.args, '--say', 'url {launcherUrl} token {tokenFile} bundle {bundle} {unknown}'],
    environment: { HERE: '{bundle}/x', NOTIFY_SOCKET: '/run/no', OM_LAUNCH_NONCE: 'forged' },
  }));
  const report = valueOf(await control.start());
  const tokenFile = join(options.stateFolder, 'server-child.token');
  expect(control.state()).toMatchObject({ kind: 'up', process: { pid: report.process.pid } });
  expect(output()).toContain(`url http://127.0.0.1:9 token ${tokenFile} bundle ${options.bundle} {unknown}`);
  const environment = JSON.parse(/^environment (.*)$/m.exec(output())?.[1] ?? '{}') as Record<string, string>;
  expect(environment).toMatchObject({ HERE: `${options.bundle}/x`, OM_LAUNCHER_TOKEN_FILE: tokenFile });
  expect(environment['OM_LAUNCH_NONCE']).toBe(record()['nonce']);
  expect(Object.keys(environment).filter((name) => /^(NOTIFY_SOCKET|VITEST.*|NODE_ENV)$/.test(name))).toEqual([]);
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  expect(link.accepts(readFileSync(tokenFile, 'utf8'))).toBe(true);
  expect(record()).toMatchObject({ schema: 1, kind: 'running', pid: report.process.pid });
  expect(events.filter(({ kind }) => kind !== 'state').map(({ kind }) => kind)).toEqual(['started', 'ready']);
  expect(control.counts()).toEqual({ starts: 1, crashes: 0 });
  expect(await control.sampleHealth()).toMatchObject({ ready: true });
});

test('starting what starts or runs joins it, and stopping what stops or is stopped too', async () => {
  const { control } = await supervise(['--port', '{port}']);
  const [one, other] = await Promise.all([control.start(), control.start()]);
  const again = await control.start();
  const pids = [one, other, again].map((result) => valueOf(result).process.pid);
  expect(new Set(pids).size).toBe(1);
  const [stopped, joined] = await Promise.all([control.stop(), control.stop()]);
  expect(valueOf(joined)).toBe(valueOf(stopped));
  expect(valueOf(await control.stop()).tookMs).toBe(0);
  expect(control.state().kind).toBe('stopped');
  expect(control.counts()).toEqual({ starts: 1, crashes: 0 });
});

test('a stop cancels the start under way, and a start waits for the stop under way', async () => {
  const { control, events } = await supervise(['--port', '{port}', '--listen-after', '400']);
  const start = control.start();
  await until(() => events.some(({ kind }) => kind === 'started'));
  const stop = control.stop();
  const next = control.start();
  expect(faultIn(await start).code).toBe('cancelled');
  expect(valueOf(await stop).rung).toBe('request');
  const second = valueOf(await next);
  expect(control.state()).toMatchObject({ kind: 'up', process: { pid: second.process.pid } });
  expect(control.counts()).toEqual({ starts: 2, crashes: 0 });
});

test('a caller who does not want to wait any more leaves the start alone', async () => {
  const { control } = await supervise(['--port', '{port}', '--listen-after', '300']);
  const caller = new AbortController();
  const start = control.start({ signal: caller.signal });
  caller.abort();
  expect(faultIn(await start).code).toBe('cancelled');
  await until(() => control.state().kind === 'up');
});

const VISIBLE_PROGRESS: Readonly<Record<string, readonly string[]>> = {
  'output that grows': ['--write-every', '50'],
  'processor time': ['--spin-for', '60000'],
  reading: ['--read-for', '60000'],
  'its reports': [],
};

test('a slow start goes on beyond its limit for each kind of visible progress', { timeout: 90_000 }, async () => {
  // Side by side: each waits most of its time. The limit has room for a program that takes a second or two to be loaded.
  const starts = Object.entries(VISIBLE_PROGRESS).map(async ([progress, args]) => {
    const scene = await supervise(['--port', '{port}', '--listen-after', '4500', ...args], (given) => ({
      ...given,
      start: { limitMs: 3_000, extendMs: 3_000, hardLimitMs: 60_000 },
    }));
    if (progress === 'its reports') reportOften(scene);
    const started = await scene.control.start();
    return [progress, started.ok ? started.value.readyAfterMs > 4_000 : started.fault.detail];
  });
  const expected = Object.keys(VISIBLE_PROGRESS).map((progress) => [progress, true]);
  expect(await Promise.all(starts)).toEqual(expected);
});

function reportOften({ link }: Supervised): void {
  let records = 0;
  const timer = setInterval(() => link.receive({ progress: `record ${(records += 1)}` }), 100);
  onTestFinished(() => clearInterval(timer));
}

test('a flood of output ends at the hard limit, the server runs on, and becomes up when it is ready after all', async () => {
  const { control } = await supervise(['--port', '{port}', '--listen-after', '4000', '--flood'], (given) => ({
    ...given,
    start: { limitMs: 600, extendMs: 600, hardLimitMs: 1_500 },
  }));
  const fault = faultIn(await control.start());
  expect(fault).toMatchObject({ code: 'server-not-ready', cause: { code: 'server-unhealthy' } });
  const state = control.state();
  expect(state).toMatchObject({ kind: 'degraded', fault: { code: 'server-not-ready' } });
  await until(() => control.state().kind === 'up');
  expect(control.state()).toMatchObject({ process: state.kind === 'degraded' ? state.process : undefined });
});

test('a server that is never ready and does nothing is given up at the limit', async () => {
  const { control } = await supervise([], (given) => ({
    ...given,
    start: { limitMs: 900, extendMs: 900, hardLimitMs: 20_000 },
  }));
  const fault = faultIn(await control.start());
  expect(fault.code).toBe('server-not-ready');
  expect(fault.values?.['seconds']).toBeLessThan(8);
  expect(control.state().kind).toBe('degraded');
});

test('a server that ends during its start is a fault with its last words', async () => {
  const { control } = await supervise(
    ['--say', 'no data file', '--exit-after', '100', '--exit-code', '3'],
    (given) => ({
      ...given,
      restart: { ...given.restart, firstDelayMs: 60_000 },
    }),
  );
  const fault = faultIn(await control.start());
  expect(fault).toMatchObject({ code: 'server-exited', values: { code: 3 } });
  expect(fault.values?.['tail']).toContain('no data file');
  await until(() => control.state().kind === 'waiting');
  expect(control.state()).toMatchObject({ kind: 'waiting', attempt: 1, cause: { code: 'server-exited' } });
  expect(control.counts()).toEqual({ starts: 1, crashes: 1 });
  await control.stop();
  expect(control.state().kind).toBe('stopped');
});

test('a server that ends soon after it was ready starts again by itself, with a sentence of its own', async () => {
  const { control, events } = await supervise(['--port', '{port}', '--exit-after', '2500', '--exit-code', '7']);
  const first = valueOf(await control.start());
  const plan = await until(() => events.find((event) => event.kind === 'state' && event.state.kind === 'waiting'));
  expect(plan).toMatchObject({ state: { attempt: 1, cause: { code: 'server-exited-early', values: { code: 7 } } } });
  const again = await until(() =>
    events.find((event) => event.kind === 'ready' && event.process.pid !== first.process.pid),
  );
  expect(again.kind).toBe('ready');
  expect(events).toContainEqual(expect.objectContaining({ kind: 'ended', wanted: false }));
  expect(control.counts().crashes).toBeGreaterThanOrEqual(1);
});

test('an answer from a stranger on the port does not make the server ready; the stranger is named', async () => {
  const { control, port } = await supervise([]);
  const stranger = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void stranger.close());
  const fault = faultIn(await control.start());
  expect(fault).toMatchObject({ code: 'server-port-taken', values: { port, pid: process.pid } });
  expect(control.state().kind).toBe('degraded');
});

test('a program that is not there is a fault, and is tried again later', async () => {
  const { control } = await supervise([], (given) => ({
    ...given,
    command: '/nowhere/server',
    restart: { ...given.restart, firstDelayMs: 60_000 },
  }));
  expect(faultIn(await control.start()).code).toBe('spawn-failed');
  await until(() => control.state().kind === 'waiting');
  control.hold({ code: 'server-stopped', detail: 'an administrator stopped it' });
  expect(control.state()).toMatchObject({ kind: 'held' });
});

test('the output of the run before is set aside, and twenty of those are kept', async () => {
  const { control, options, output } = await supervise(['--port', '{port}', '--say', 'second run']);
  mkdirSync(options.logFolder);
  for (let day = 10; day < 32; day += 1) {
    writeFileSync(join(options.logFolder, `server-202601${day}T000000000Z.log`), 'old');
  }
  writeFileSync(join(options.logFolder, 'server.log'), 'first run');
  valueOf(await control.start());
  const earlierFiles = (): readonly string[] =>
    readdirSync(options.logFolder).filter((name) => /^server-.*\.log$/.test(name));
  await until(() => earlierFiles().length === 20);
  const earlier = earlierFiles();
  expect(readFileSync(join(options.logFolder, earlier.at(-1) ?? ''), 'utf8')).toBe('first run');
  expect(output()).not.toContain('first run');
  await until(() => output().includes('second run'));
});

test('a server without probes is ready when it has lived for a second', async () => {
  const { control, events } = await supervise([], (given) => ({ ...given, probes: [] }));
  expect(valueOf(await control.start()).readyAfterMs).toBeGreaterThanOrEqual(1_000);
  const started = events.find(({ kind }) => kind === 'started');
  expect(started?.kind === 'started' && isRunning(started.process.pid)).toBe(true);
});
