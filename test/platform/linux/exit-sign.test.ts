import { existsSync, readFileSync } from 'node:fs';
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

/** The processes that wait for this pid. */
function waitersOf(pid: number): readonly number[] {
  return childrenOf(process.pid).filter((child) => commandLine(child).endsWith(`\0${pid}\0`));
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function commandLine(pid: number): string {
  return existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
}

describe.skipIf(!canRun)('the end of a process that is not ours', () => {
  test('is told by the system, without a look in between', async () => {
    const program = runScript(WAIT);
    const [, pid] = await program.said(/waiting for (\d+)\n/);
    await until(() => childrenOf(program.pid).length === 1);
    process.kill(Number(pid), 'SIGKILL');
    expect((await program.said(/looks (\d+), (\w+)\n/)).slice(1)).toEqual(['2', 'gone']);
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
    await program.said(/waiting for (\d+)\n/);
    const [waiter] = await until(() => {
      const children = childrenOf(program.pid);
      return children.length === 1 && children;
    });
    program.signal('SIGKILL');
    await program.ended;
    await until(() => commandLine(waiter ?? 0) === '');
  });
});
