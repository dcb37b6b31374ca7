import { spawn } from 'node:child_process';
import { createClock } from '../../../platform/node/clock.ts';
import { createProcesses } from '../../../platform/node/processes.ts';
import { LINUX_HELPER_ENVIRONMENT, observeLinuxProcesses } from '../../../platform/linux/process-observer.ts';
import { createRunCommand } from '../../../platform/node/run-command.ts';
import { killPosixGroup } from '../../../platform/node/posix-signals.ts';
import { createHelperCommand } from '../../../platform/node/helper-command.ts';

/** Waits for the end of a process that it is not told of as a child, on a clock whose naps take an hour. */
const clock = createClock();
const run = createRunCommand(clock, killPosixGroup);
const observer = observeLinuxProcesses(
  { operatingSystem: 'linux', account: 'test' },
  createHelperCommand(run, LINUX_HELPER_ENVIRONMENT),
);
const processes = createProcesses(
  { operatingSystem: 'linux', account: 'test' },
  { ...clock, sleep: async (_, signal) => clock.sleep(3_600_000, signal) },
  observer,
  run,
);

// A grandchild, so that this process reaps nothing.
const shell = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!'], { stdio: ['ignore', 'pipe', 'inherit'] });
const said = Promise.withResolvers<string>();
shell.stdout.once('data', (line: Buffer) => said.resolve(line.toString()));
const identity = await processes.identify(Number(await said.promise));
if (identity === undefined) throw new Error('the grandchild is not there');
process.stdout.write(`waiting for ${identity.pid}\n`);
const exit = await processes.waitForExit(identity);
process.stdout.write(`told: ${exit === 'aborted' ? exit : exit.kind}\n`);
