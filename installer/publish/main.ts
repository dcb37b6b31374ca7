#!/usr/bin/env node
import { openPlatform } from '../../platform/current.ts';
import { openOwnProcess } from '../../platform/node/own-process.ts';
import { runPublish } from './command-line.ts';

/** Composition root of `om-publish`; Ctrl-C stops between two acts, and the repository stays whole. */
async function main(): Promise<void> {
  const { files, clock, locks, machine, processes } = openPlatform();
  const ownProcess = openOwnProcess();
  const interruption = new AbortController();
  ownProcess.onStopRequest(() => interruption.abort());
  const status = await runPublish(ownProcess, {
    dependencies: { files, clock, locks, machine, processes },
    environment: machine.environment,
    signal: interruption.signal,
    warn: (text) => ownProcess.errorOutput.write(`${text}\n`),
  });
  ownProcess.setExitCode(status);
}

void main();
