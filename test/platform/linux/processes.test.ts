import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import type { ProcessIdentity, SpawnRequest } from '../../../platform/processes.ts';
import { freePort } from '../../kit/free-port.ts';
import { runProgram } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

const { processes, clock } = openPlatform();
let folder: string;

beforeEach(() => {
  folder = temporaryFolder('processes');
});

/** A shell script as a detached child; its whole tree is killed at the end of the test. */
async function start(script: string, more: Partial<SpawnRequest> = {}): Promise<ProcessIdentity> {
  const nonce = more.environment?.['OM_LAUNCH_NONCE'];
  const started = await processes.spawnDetached({
    command: '/bin/sh',
    args: ['-c', script],
    workingDirectory: folder,
    environment: { PATH: '/usr/bin:/bin' },
    outputFile: join(folder, 'output'),
    ...more,
  });
  if (!started.ok) throw new Error(started.fault.detail);
  const identity = started.value;
  onTestFinished(async () => {
    for (const member of await processes.tree(identity, nonce)) await processes.signal(member, 'kill');
  });
  return identity;
}

function output(): string {
  return readFileSync(join(folder, 'output'), 'utf8');
}

describe('starting', () => {
  test('in a session and a folder of its own, with exactly the environment given, its output appended', async () => {
    writeFileSync(join(folder, 'output'), 'before\n');
    const identity = await start('pwd; /usr/bin/env; echo oops >&2; exec sleep 60', { environment: { ONLY: 'this' } });
    await until(() => output().includes('oops'));
    expect(output()).toMatch(new RegExp(`^before\n${folder}\n`));
    expect(output()).toContain('ONLY=this');
    expect(output()).not.toContain('HOME=');
    const session = readFileSync(`/proc/${identity.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(Number(session)).toBe(identity.pid);
    expect(await processes.identify(identity.pid)).toEqual(identity);
    await until(async () => (await processes.nameOf(identity)) === 'sleep');
  });

  test.each([
    ['a missing program', { command: '/nowhere/program' }, '/nowhere/program', 'spawn'],
    ['a file that is no program', { command: '/etc/passwd' }, '/etc/passwd', 'spawn'],
    ['a missing folder', { workingDirectory: '/nowhere' }, '/nowhere', 'chdir'],
  ])('%s is a fault with its path', async (_, more, path, operation) => {
    const request = { command: '/bin/true', args: [], workingDirectory: folder, environment: {} };
    const started = await processes.spawnDetached({ ...request, outputFile: join(folder, 'output'), ...more });
    expect(started).toMatchObject({ ok: false, fault: { code: 'spawn-failed', path, operation } });
  });

  test('an output file that cannot be written is a fault', async () => {
    const request = { command: '/bin/true', args: [], workingDirectory: folder, environment: {} };
    const started = await processes.spawnDetached({ ...request, outputFile: join(folder, 'missing', 'output') });
    expect(started).toMatchObject({ ok: false, fault: { code: 'not-found' } });
  });
});

describe('the end', () => {
  test.each([
    ['exit 7', { kind: 'exited', code: 7 }],
    ['exit 0', { kind: 'exited', code: 0 }],
    ['kill -9 $$', { kind: 'signalled', signal: 'SIGKILL' }],
  ])('of a child of ours by `%s` is told, even afterwards', async (script, exit) => {
    const identity = await start(script);
    expect(await processes.waitForExit(identity)).toEqual(exit);
    expect(await processes.waitForExit(identity)).toEqual(exit);
    expect(await processes.isAlive(identity)).toBe(false);
    expect(await processes.identify(identity.pid)).toBeUndefined();
  });

  test('of a process that is not ours is seen as gone', async () => {
    const program = runProgram('/bin/sh', ['-c', 'sleep 60 & echo $!; wait']);
    const pid = Number((await program.said(/(\d+)\n/))[1]);
    const identity = await until(() => processes.identify(pid));
    const gone = processes.waitForExit(identity);
    process.kill(pid, 'SIGKILL');
    expect(await gone).toEqual({ kind: 'gone' });
  });

  test('is waited for only until the signal aborts', async () => {
    const own = await start('exec sleep 60');
    const other = runProgram('/bin/sleep', ['60']);
    const foreign = await until(() => processes.identify(other.pid));
    for (const identity of [own, foreign]) {
      const stop = new AbortController();
      const waiting = processes.waitForExit(identity, stop.signal);
      stop.abort();
      expect(await waiting).toBe('aborted');
      expect(await processes.waitForExit(identity, stop.signal)).toBe('aborted');
      expect(await processes.isAlive(identity)).toBe(true);
    }
  });

  test('a zombie is dead', async () => {
    const program = runProgram('/usr/bin/python3', [
      '-c',
      'import os,sys,time\np=os.fork()\nif p==0: os._exit(0)\nprint(p,flush=True)\ntime.sleep(60)',
    ]);
    const pid = Number((await program.said(/(\d+)\n/))[1]);
    await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
    expect(await processes.identify(pid)).toBeUndefined();
  });
});

describe('signals', () => {
  test('reach the process', async () => {
    const identity = await start(`trap 'exit 3' TERM; trap 'exit 4' HUP; echo ready; while :; do sleep 0.05; done`);
    await until(() => output().includes('ready'));
    expect(await processes.signal(identity, 'terminate')).toEqual({ ok: true, value: undefined });
    expect(await processes.waitForExit(identity)).toEqual({ kind: 'exited', code: 3 });
    expect(await processes.signal(identity, 'kill')).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ['an earlier start', { startTime: '1' }],
    ['an earlier boot', { bootId: '00000000-0000-4000-8000-000000000000' }],
  ])('never reach a process that has the pid of one from %s', async (_, difference) => {
    const identity = await start('exec sleep 60');
    const former = { ...identity, ...difference };
    for (const name of ['kill', 'terminate', 'interrupt', 'hang-up'] as const) {
      expect(await processes.signal(former, name)).toEqual({ ok: true, value: undefined });
    }
    expect(await processes.isAlive(former)).toBe(false);
    expect(await processes.waitForExit(former)).toEqual({ kind: 'gone' });
    expect(await processes.nameOf(former)).toBeUndefined();
    expect(await processes.tree(former)).toEqual([]);
    expect((await processes.usage([former])).processes).toBe(0);
    expect(await processes.isAlive(identity)).toBe(true);
  });
});

describe('the tree', () => {
  const nonce = 'a1b2c3d4';
  const environment = { PATH: '/usr/bin:/bin', OM_LAUNCH_NONCE: nonce };

  async function pidsOf(root: ProcessIdentity, withNonce?: string): Promise<readonly number[]> {
    return (await processes.tree(root, withNonce)).map((identity) => identity.pid);
  }

  test('holds children, orphans of the session, and by nonce those who left it', async () => {
    const root = await start(
      'sleep 61 & echo child $!; (sleep 62 & echo orphan $!); setsid sh -c "echo away \\$\\$; exec sleep 63" & wait',
      {
        environment,
      },
    );
    const [child, orphan, away] = await Promise.all(['child', 'orphan', 'away'].map(saidPid));
    await until(async () => (await processes.tree(root, nonce)).length >= 4);
    expect(await pidsOf(root, nonce)).toEqual(expect.arrayContaining([root.pid, child, orphan, away]));
    await processes.signal(root, 'kill');
    await processes.waitForExit(root);
    expect(await pidsOf(root, nonce)).toEqual(expect.arrayContaining([child, orphan, away]));
    expect(await pidsOf(root, nonce)).not.toContain(root.pid);
    expect((await processes.findByNonce(nonce)).map((identity) => identity.pid).sort()).toEqual(
      [child, orphan, away].sort(),
    );
    expect(await processes.findByNonce('a1b2')).toEqual([]);
  });

  test('is found by its nonce behind more variables than one read takes', async () => {
    const large = { PATH: '/usr/bin:/bin', BULK: 'x'.repeat(100_000), OM_LAUNCH_NONCE: 'behind-the-bulk' };
    const root = await start('exec sleep 60', { environment: large });
    expect(await until(async () => (await processes.findByNonce('behind-the-bulk'))[0])).toEqual(root);
    expect(await processes.findByNonce('behind-the')).toEqual([]);
  });

  test('costs what its members cost', async () => {
    const root = await start('echo up; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec sleep 60');
    const usage = await until(async () => {
      const now = await processes.usage([root]);
      return now.cpuMs >= 50 && now;
    });
    expect(usage).toMatchObject({ processes: 1 });
    expect(usage.residentBytes).toBeGreaterThan(100_000);
    expect(usage.ioBytes).toBeGreaterThan(0);
  });

  async function saidPid(word: string): Promise<number> {
    return Number((await until(() => new RegExp(`${word} (\\d+)\n`).exec(output())))[1]);
  }
});

describe('what is held', () => {
  test.each(['127.0.0.1', '::1', '::'])('a port on %s and its peers', async (host) => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    onTestFinished(() => void server.close());
    const me = await processes.identify(process.pid);
    expect(await processes.portHolders(port)).toEqual([me]);
    expect(await processes.tcpPeers(port)).toEqual([]);
    const client = connect(port, host === '::' ? '127.0.0.1' : host);
    await new Promise((resolve) => client.once('connect', resolve));
    const address = host === '::' ? '127.0.0.1' : host;
    await until(async () => (await processes.tcpPeers(port))?.length === 1);
    expect(await processes.tcpPeers(port)).toEqual([{ address, port: client.localPort }]);
    client.destroy();
    await until(async () => (await processes.tcpPeers(port))?.length === 0);
  });

  test('a program is known by its file, and who runs it by the name of the account', async () => {
    const me = await until(() => processes.identify(process.pid));
    expect(await processes.nameOf(me)).toBe('node');
    expect(await processes.accountOf(me)).toBe(userInfo().username);
    const former = { ...me, startTime: '1' };
    expect(await processes.accountOf(former)).toBeUndefined();
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    expect(await processes.portAccounts(port)).toEqual([userInfo().username]);
    expect(await processes.portAccounts(await freePort())).toEqual([]);
  });

  test('nobody holds a free port', async () => {
    expect(await processes.portHolders(await freePort())).toEqual([]);
  });

  test('files below a folder: by descriptor and by working directory, not by a similar name', async () => {
    writeFileSync(join(folder, 'open'), '');
    const elsewhere = temporaryFolder('elsewhere');
    const byDescriptor = runProgram('/bin/sh', ['-c', `exec 9<${folder}/open; echo ready; exec sleep 60`]);
    const byFolder = runProgram('/bin/sh', ['-c', 'echo ready; exec sleep 61'], { workingDirectory: folder });
    const stranger = runProgram('/bin/sh', ['-c', 'echo ready; exec sleep 62'], { workingDirectory: elsewhere });
    for (const program of [byDescriptor, byFolder, stranger]) await program.said(/ready/);
    await until(async () => (await processes.holdersOf(folder)).every((holder) => holder.name === 'sleep'));
    const pids = (await processes.holdersOf(folder)).map((holder) => holder.identity.pid);
    expect(pids.sort()).toEqual([byDescriptor.pid, byFolder.pid].sort());
    expect(await processes.holdersOf(folder.slice(0, -1))).toEqual([]);
  });

  test('files below a folder: by the program that runs and by a mapped library, both closed since', async () => {
    const library = /\s(\/\S+\/libm\.so\S*)$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1];
    if (library === undefined) throw new Error('this Node maps no libm');
    copyFileSync(library, join(folder, 'library.so'));
    copyFileSync('/bin/sleep', join(folder, 'program'));
    const preload = { LD_PRELOAD: join(folder, 'library.so') };
    const byProgram = runProgram('/bin/sh', ['-c', `exec ${folder}/program 60`]);
    const byLibrary = runProgram('/bin/sh', ['-c', 'exec sleep 61'], { environment: preload });
    const pids = async () => (await processes.holdersOf(folder)).map((holder) => holder.identity.pid).sort();
    const both = [byProgram.pid, byLibrary.pid].sort();
    await until(async () => (await pids()).join() === both.join());
    expect(readFileSync(`/proc/${byLibrary.pid}/maps`, 'utf8')).toContain(`${folder}/library.so`);
  });
});

describe('a short command', () => {
  test('gives its status and what it said, of each stream up to the limit', async () => {
    const args = ['-c', 'cat; echo problem >&2; exit 5'];
    const outcome = await processes.run({ command: '/bin/sh', args, input: 'in', timeoutMs: 10_000 });
    expect(outcome).toEqual({
      ok: true,
      value: { exit: { kind: 'exited', code: 5 }, output: 'in', errorOutput: 'problem\n' },
    });
    const many = await processes.run({
      command: '/usr/bin/head',
      args: ['-c', '5000000', '/dev/zero'],
      timeoutMs: 10_000,
      outputLimit: 1000,
    });
    expect(many.ok && many.value.output.length).toBe(1000);
  });

  test('a command inherits what this process has, except what its service manager meant for it alone', async () => {
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'LISTEN_FDS']) vi.stubEnv(name, '1');
    vi.stubEnv('OM_TEST_INHERITED', 'yes');
    onTestFinished(() => void vi.unstubAllEnvs());
    const outcome = await processes.run({ command: '/usr/bin/env', args: [], timeoutMs: 10_000 });
    const names = outcome.ok ? outcome.value.output.split('\n').map((line) => line.split('=')[0]) : [];
    expect(names).toContain('OM_TEST_INHERITED');
    expect(names).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(NOTIFY_SOCKET|WATCHDOG_|LISTEN_)/)]));
  });

  test('that takes too long is killed with what it started', async () => {
    const script = `sleep 60 & echo $! > ${folder}/child; wait`;
    const outcome = await processes.run({ command: '/bin/sh', args: ['-c', script], timeoutMs: 300 });
    expect(outcome).toMatchObject({ ok: false, fault: { code: 'timed-out', path: '/bin/sh' } });
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await until(async () => (await processes.identify(child)) === undefined);
  });

  test('whose child keeps the output open does not hold us up', async () => {
    const before = clock.monotonic();
    const outcome = await processes.run({ command: '/bin/sh', args: ['-c', 'sleep 3 & echo done'], timeoutMs: 10_000 });
    expect(outcome).toMatchObject({ ok: true, value: { output: 'done\n' } });
    expect(clock.monotonic() - before).toBeLessThan(2_500);
  });

  test('is called off', async () => {
    const stop = new AbortController();
    const running = processes.run({ command: '/bin/sleep', args: ['60'], timeoutMs: 10_000, signal: stop.signal });
    stop.abort();
    expect(await running).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    const again = await processes.run({ command: '/bin/sleep', args: ['60'], timeoutMs: 10_000, signal: stop.signal });
    expect(again).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
  });

  test('that does not exist is a fault, and one that reads no input is none', async () => {
    expect(await processes.run({ command: '/nowhere', args: [], timeoutMs: 1000 })).toMatchObject({
      ok: false,
      fault: { code: 'spawn-failed', path: '/nowhere' },
    });
    const deaf = await processes.run({
      command: '/bin/true',
      args: [],
      input: 'x'.repeat(1_000_000),
      timeoutMs: 10_000,
    });
    expect(deaf).toMatchObject({ ok: true, value: { exit: { kind: 'exited', code: 0 } } });
  });
});
