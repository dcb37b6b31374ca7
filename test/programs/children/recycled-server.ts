import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openPlatform } from '../../../platform/current.ts';
import { silentLog } from '../../../platform/log.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { createServerControl, type SupervisedServer } from '../../../supervisor/server.ts';
import type { ServerOptions } from '../../../supervisor/server-options.ts';

/**
 * Three launchers in turn, with a stranger that the kernel gave the pid of the first one's server: the second has to start a
 * server of its own, the third to stop it, and neither to touch the stranger. Runs in a pid namespace of its own.
 */
const TRIES = 200;
const [optionsFile = ''] = process.argv.slice(2);
const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as Omit<ServerOptions, 'launcherUrl'>;
const platform = openPlatform();

const first = launcher();
const server = await startWith(first);
await first.detach();
// Start times count in ticks of 10 ms.
await platform.clock.sleep(50);
process.kill(server, 'SIGKILL');
// A zombie still has its pid.
while (existsSync(`/proc/${server}`)) await platform.clock.sleep(10);
const stranger = takePid(server);

const second = launcher();
const adopted = await second.adopt();
const again = await startWith(second);
await second.detach();
const third = launcher();
const adoptedAgain = await third.adopt();
const stopped = await third.stop();
await third.detach();
console.log(
  JSON.stringify({
    samePid: stranger?.pid === server,
    adopted: adopted?.pid ?? 'none',
    anotherServer: again !== server,
    adoptedAgain: adoptedAgain?.pid === again,
    stopped: stopped.ok,
    serverGone: (await platform.processes.identify(again)) === undefined,
    stranger: stranger?.exitCode === null && stranger.signalCode === null ? 'alive' : 'dead',
  }),
);
stranger?.kill('SIGKILL');

function launcher(): SupervisedServer {
  const link = createChildLink(platform.clock, randomBytes);
  return createServerControl(
    { ...platform, link, log: silentLog, random: randomBytes },
    { ...options, launcherUrl: () => 'http://127.0.0.1:9' },
  );
}

async function startWith(control: SupervisedServer): Promise<number> {
  const started = await control.start();
  if (!started.ok) throw new Error(started.fault.detail);
  return started.value.process.pid;
}

/** proc_sys_kernel(5), ns_last_pid: the next process gets the number after it. */
function takePid(pid: number): ChildProcess | undefined {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    if (child.pid === pid) return child;
    child.kill('SIGKILL');
  }
  return undefined;
}
