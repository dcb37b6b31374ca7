import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail } from '../../platform/result.ts';
import { until } from '../kit/until.ts';
import { faultIn, valueOf } from './outcomes.ts';
import { controlOf, grandchildOf, isRunning, supervise } from './supervised.ts';

test('a launcher that goes leaves the server, and the next one takes it over with its token', async () => {
  const first = await supervise(['--port', '{port}']);
  const started = valueOf(await first.control.start());
  await first.control.detach();
  expect(isRunning(started.process.pid)).toBe(true);
  const second = first.successor();
  expect(await second.control.adopt()).toEqual(started.process);
  expect(second.control.state()).toMatchObject({ kind: 'up', process: started.process });
  const token = readFileSync(join(first.options.stateFolder, 'server-child.token'), 'utf8');
  expect(second.link.accepts(token)).toBe(true);
  const joined = valueOf(await second.control.start());
  expect(joined.process).toEqual(started.process);
  expect(joined.readyAfterMs).toBe(started.readyAfterMs);
  expect(second.control.counts()).toEqual({ starts: 0, crashes: 0 });
  expect(valueOf(await second.control.stop())).toMatchObject({ rung: 'request', exit: { kind: 'gone' } });
});

test('the end of an adopted server is noticed, and it is started again', async () => {
  const first = await supervise(['--port', '{port}']);
  const started = valueOf(await first.control.start());
  await first.control.detach();
  const second = first.successor();
  await second.control.adopt();
  process.kill(started.process.pid, 'SIGKILL');
  await until(() => second.control.counts().crashes === 1);
  await until(() => second.control.state().kind === 'up');
  expect(second.control.state()).not.toMatchObject({ process: started.process });
});

test('an adopted server that is not ready yet is waited for; start joins that wait', async () => {
  const first = await supervise(['--port', '{port}', '--listen-after', '900']);
  void first.control.start();
  await until(() => first.events.some(({ kind }) => kind === 'started'));
  await first.control.detach();
  const second = first.successor();
  const [adopted, started] = await Promise.all([second.control.adopt(), second.control.start()]);
  expect(valueOf(started).process).toEqual(adopted);
  expect(second.control.counts().starts).toBe(0);
});

test('only the intent was written: the nonce finds the server', async () => {
  const first = await supervise(['--port', '{port}', '--grandchild', 'with-nonce']);
  const started = valueOf(await first.control.start());
  await first.control.detach();
  const { nonce, bootId } = first.record();
  writeFileSync(
    join(first.options.stateFolder, 'server-child.json'),
    JSON.stringify({ schema: 1, kind: 'intent', nonce, bootId }),
  );
  const second = first.successor();
  expect(await second.control.adopt()).toEqual(started.process);
  expect(second.record()).toMatchObject({ kind: 'running', pid: started.process.pid });
});

test.each(['startTime', 'bootId'])('a process with the recorded pid but another %s is never touched', async (field) => {
  const { control, platform, options, port } = await supervise(['--port', '{port}']);
  const self = await platform.processes.identify(process.pid);
  const record = {
    schema: 1,
    kind: 'running',
    nonce: 'f'.repeat(32),
    ...self,
    [field]: 'another',
    tokenFile: join(options.stateFolder, 'server-child.token'),
    outputFile: join(options.logFolder, 'server.log'),
  };
  writeFileSync(join(options.stateFolder, 'server-child.json'), JSON.stringify(record));
  expect(await control.adopt()).toBeUndefined();
  expect(valueOf(await control.stop()).tookMs).toBe(0);
  valueOf(await control.start());
  expect((await platform.processes.portHolders(port)).length).toBe(1);
});

const DAMAGED = ['', '{"schema":1,"kind":"run', '{"schema":1,"kind":"running","pid":-1}', '[]'];

test.each(DAMAGED)(
  'a corrupt record %j is set aside, and the server is found by what it was started with',
  async (text) => {
    const first = await supervise(['--port', '{port}', '--grandchild', 'with-nonce']);
    const started = valueOf(await first.control.start());
    await first.control.detach();
    writeFileSync(join(first.options.stateFolder, 'server-child.json'), text);
    const second = first.successor();
    expect(await second.control.adopt()).toEqual(started.process);
    expect(readdirSync(first.options.stateFolder)).toContainEqual(
      expect.stringMatching(/^server-child\.json\.unreadable-\d+$/),
    );
    expect(second.record()).toMatchObject({ kind: 'running', pid: started.process.pid });
    expect(second.link.accepts(readFileSync(join(first.options.stateFolder, 'server-child.token'), 'utf8'))).toBe(true);
    valueOf(await second.control.stop());
    expect(isRunning(started.process.pid)).toBe(false);
  },
);

test('a record that the disk does not give once is read again; one that it never gives stays as it is', async () => {
  const first = await supervise(['--port', '{port}']);
  const started = valueOf(await first.control.start());
  await first.control.detach();
  const { files, clock } = first.platform;
  for (const failures of [2, 99]) {
    let left = failures;
    const failing: Files = {
      ...files,
      readText: async (path, limit) =>
        path.endsWith('server-child.json') && (left -= 1) >= 0
          ? fail(faultOf('io-error', 'as planned', { path }))
          : files.readText(path, limit),
    };
    const hurried = { ...clock, sleep: (_: number, signal?: AbortSignal) => clock.sleep(1, signal) };
    const next = controlOf(first.folder, first.port, first.options, false, { files: failing, clock: hurried });
    expect(await next.control.adopt()).toEqual(started.process);
    expect(next.record()).toMatchObject({ pid: started.process.pid });
    await next.control.detach();
  }
});

test.each([...DAMAGED, 'set aside by a launcher that died then'])(
  'where the system does not tell what a process was started with: %j; whoever holds the port is told and not doubled',
  async (text) => {
    const first = await supervise(['--port', '{port}'], (given) => ({
      ...given,
      restart: { ...given.restart, firstDelayMs: 60_000 },
    }));
    const started = valueOf(await first.control.start());
    await first.control.detach();
    const path = join(first.options.stateFolder, 'server-child.json');
    if (DAMAGED.includes(text)) writeFileSync(path, text);
    else renameSync(path, `${path}.unreadable-7`);
    const processes = { ...first.platform.processes, noncesOf: async () => Promise.resolve([]) };
    const second = controlOf(first.folder, first.port, first.options, false, { processes });
    expect(await second.control.adopt()).toBeUndefined();
    expect(readdirSync(first.options.stateFolder)).toContainEqual(
      expect.stringMatching(/^server-child\.json\.unreadable-\d+$/),
    );
    expect(second.log.messages().join()).toContain(`process ${started.process.pid}`);
    const fault = faultIn(await second.control.start());
    expect(fault).toMatchObject({ code: 'server-port-taken', values: { pid: started.process.pid } });
    await until(() => second.control.state().kind === 'waiting');
    expect(isRunning(started.process.pid)).toBe(true);
  },
);

test.each(['', 'a', `${'f'.repeat(63)}\n`, 'g'.repeat(64)])(
  'a token %j that is none is not believed: the server gets a new one',
  async (text) => {
    const first = await supervise(['--port', '{port}']);
    const started = valueOf(await first.control.start());
    await first.control.detach();
    const tokenFile = join(first.options.stateFolder, 'server-child.token');
    writeFileSync(tokenFile, text);
    const second = first.successor();
    expect(await second.control.adopt()).toEqual(started.process);
    expect(second.link.accepts(text.trim())).toBe(false);
    expect(second.link.accepts(readFileSync(tokenFile, 'utf8').trim())).toBe(true);
  },
);

test('the server died with the launcher, a grandchild lives on: it is ended before the next start', async () => {
  const first = await supervise(['--port', '{port}', '--grandchild', 'with-nonce']);
  const started = valueOf(await first.control.start());
  const grandchild = await grandchildOf(first);
  await first.control.detach();
  process.kill(started.process.pid, 'SIGKILL');
  await until(() => !isRunning(started.process.pid));
  const second = first.successor();
  expect(await second.control.adopt()).toBeUndefined();
  expect(isRunning(grandchild)).toBe(true);
  valueOf(await second.control.start());
  expect(isRunning(grandchild)).toBe(false);
});

test('a start does not need free space once there was one before', async () => {
  const first = await supervise(['--port', '{port}']);
  valueOf(await first.control.start());
  valueOf(await first.control.stop());
  const { nonce } = first.record();
  const full = first.successor({ diskFull: true });
  const started = valueOf(await full.control.start());
  expect(full.link.accepts(readFileSync(join(first.options.stateFolder, 'server-child.token'), 'utf8'))).toBe(true);
  await full.control.detach();
  const third = first.successor();
  expect(await third.control.adopt()).toEqual(started.process);
  expect(third.record()).toMatchObject({ nonce, pid: started.process.pid });
});
