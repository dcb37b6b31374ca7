import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../kit/free-port.ts';
import { awaitServer } from '../supervise/tiny-client.ts';
import { PROGRAM, writeBundle } from './bundle.ts';
import { probeSwap, type Swap } from './probe.ts';
import type { Programs } from './programs.ts';

const START_LIMIT_MS = 30_000;

/** The same swap by a parent in C that journals, proves and forces nothing: a fresh site for each. */
export async function swapByFloor(folder: string, programs: Programs, bootMs: number): Promise<Swap> {
  const [bundle, staged, old] = ['live', 'staged', 'old'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(folder);
  writeBundle(bundle, programs.server, '1.0.0', 0);
  writeBundle(staged, programs.server, '1.0.1', 0);
  const port = await freePort();
  const words = [bundle, staged, old, path.join(bundle, PROGRAM), String(port), String(bootMs)];
  const parent = spawn(programs.floor, words, { stdio: 'ignore' });
  try {
    if ((await awaitServer(port, undefined, START_LIMIT_MS)) === undefined) throw new Error('the floor did not start');
    return await probeSwap(programs.probe, port, () => {
      parent.kill('SIGUSR1');
    });
  } finally {
    const ended = once(parent, 'exit');
    parent.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  }
}
