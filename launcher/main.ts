#!/usr/bin/env node
import { openPlatform } from '../platform/current.ts';
import { LISTENING_HELPER, listenOnInheritedSocket } from '../platform/linux/listening-socket.ts';
import { openOwnProcess } from '../platform/node/own-process.ts';
import { runStagingWorker, STAGING_WORKER } from '../installer/staging/staging-worker.ts';
import { runCommandLine } from './cli/command-line.ts';

/** The program that the operating system starts, and the administrator's command line: one executable. */
async function main(): Promise<void> {
  const own = openOwnProcess();
  // Within this turn: a process that goes on accepts what the server is to accept.
  if (own.args[0] === LISTENING_HELPER) own.exit(listenOnInheritedSocket() ? 0 : 1);
  const platform = openPlatform();
  if (own.args[0] === STAGING_WORKER) await runStagingWorker(platform, own);
  else own.setExitCode(await runCommandLine(platform, own));
}

// Not awaited at the top level: the single executable is CommonJS, which has no such thing.
void main();
