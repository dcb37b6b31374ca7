import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { awaitExitSign } from '../../../platform/linux/exit-sign.ts';
import { runProgram, runScript } from '../../kit/program.ts';
import { until } from '../../kit/until.ts';

const NOT_RUN = 'the end of a foreign process, told by the system: not run: needs perl and a kernel from 5.3 on';
const canRun = process.platform === 'linux' && existsSync('/usr/bin/perl');
if (!canRun) process.stderr.write(`${NOT_RUN}\n`);
test.runIf(!canRun && process.env['CI'] === 'true')('perl is there', () => expect.unreachable(NOT_RUN));

const WAIT = new URL('../programs/await-exit.ts', import.meta.url).pathname;

/** The children of `parent` (this process) that wait for this pid: those that have begun to. */
function waitersOf(pid: number, parent = process.pid): readonly number[] {
  return childrenOf(parent).filter((child) => commandLine(child).endsWith(`\0${pid}\0`) && holdsPidfd(child));
}

function holdsPidfd(pid: number): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => readlinkSync(`${folder}/${name}`) === 'anon_inode:[pidfd]');
  } catch {
    return false; // it ends just now
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function commandLine(pid: number): string {
  return existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
}

describe.skipIf(!canRun)('the end of a process that is not ours', () => {
  test('is told by the system, long before the next look', async () => {
    const program = runScript(WAIT);
    const pid = Number((await program.said(/waiting for (\d+)\n/))[1]);
    await until(() => waitersOf(pid, program.pid).length === 1);
    process.kill(pid, 'SIGKILL');
    // By a look alone it would take an hour.
    expect((await program.said(/told: (\w+)\n/))[1]).toBe('gone');
  });

  test('is not told before it ends, nor to somebody who has stopped waiting', async () => {
    const other = runProgram('/bin/sleep', ['60']);
    const stop = new AbortController();
    let told = 0;
    awaitExitSign(other.pid, () => (told += 1), stop.signal);
    await until(() => waitersOf(other.pid).length === 1);
    await pause(200);
    expect(told).toBe(0);
    stop.abort();
    await until(() => waitersOf(other.pid).length === 0);
    other.signal('SIGKILL');
    await other.ended;
    expect(told).toBe(0);
  });

  test('is told to nobody when the pid is no process any more', async () => {
    const other = runProgram('/bin/true', []);
    await other.ended;
    let told = 0;
    const before = childrenOf(process.pid);
    awaitExitSign(other.pid, () => (told += 1), new AbortController().signal);
    const [waiter] = childrenOf(process.pid).filter((child) => !before.includes(child));
    expect(waiter).toBeDefined();
    await until(() => !childrenOf(process.pid).includes(waiter ?? 0));
    expect(told).toBe(0);
  });

  test('is waited for by nobody once the launcher has been killed', async () => {
    const program = runScript(WAIT);
    const pid = Number((await program.said(/waiting for (\d+)\n/))[1]);
    const [waiter] = await until(() => {
      const waiters = waitersOf(pid, program.pid);
      return waiters.length === 1 && waiters;
    });
    program.signal('SIGKILL');
    await program.ended;
    await until(() => commandLine(waiter ?? 0) === '');
  });
});
