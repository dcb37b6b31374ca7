import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlatform } from '../../../platform/current.ts';

/** Makes the kernel give the pid of an ended child to another program, then signals the child. Runs in a pid namespace. */
const { processes, clock } = openPlatform();
const TRIES = 200;
const [folder = '/'] = process.argv.slice(2);

const started = await processes.spawnDetached({
  command: '/bin/sleep',
  args: ['60'],
  workingDirectory: '/',
  environment: {},
  outputFile: join(folder, 'output'),
});
if (!started.ok) throw new Error(started.fault.detail);
const former = started.value;
await clock.sleep(50); // start times count in ticks of 10 ms
await processes.signal(former, 'kill');
await processes.waitForExit(former);

const newcomer = takePid(former.pid);
const report = {
  samePid: newcomer?.pid === former.pid,
  formerAlive: await processes.isAlive(former),
  signalled: (await processes.signal(former, 'kill')).ok,
  newcomer: newcomer && (await survives(newcomer)),
};
newcomer?.kill('SIGKILL');
process.stdout.write(JSON.stringify(report));

/** proc_sys_kernel(5), ns_last_pid: the next process gets the number after it. */
function takePid(pid: number): ChildProcess | undefined {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    if (child.pid === pid) return child;
    child.kill('SIGKILL');
  }
  return undefined;
}

async function survives(child: ChildProcess): Promise<'alive' | 'dead'> {
  await clock.sleep(100);
  return child.exitCode === null && child.signalCode === null ? 'alive' : 'dead';
}
