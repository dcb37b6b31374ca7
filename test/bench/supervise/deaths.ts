import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLive, processesOfProgram } from './processes.ts';
import type { Supervisor } from './supervisor.ts';
import { askServer, awaitServer } from './tiny-client.ts';

export interface Survival {
  /** The same child answers after the supervisor's SIGKILL and after it was started again. */
  readonly childSurvives: boolean;
  /** Servers of that site a while after the supervisor was started again. */
  readonly copies: number;
  /** The supervisor that was started again really stops that child. */
  readonly takenOver: boolean;
}

const AFTER_KILL_MS = 1_000;
const AFTER_START_MS = 4_000;
const START_LIMIT_MS = 30_000;

/** Kills the supervisor, starts it again over what is left, and asks it to stop the child. */
export async function measureSurvival(site: Supervisor, tinyServer: string): Promise<Survival> {
  const before = await askServer(site.port);
  const root = site.root();
  if (before === undefined || root === undefined) throw new Error(`${site.name}: there is nothing to kill`);
  process.kill(root, 'SIGKILL');
  await sleep(AFTER_KILL_MS);
  const orphaned = await askServer(site.port);
  await site.start();
  await sleep(AFTER_START_MS);
  const after = await askServer(site.port);
  const copies = serversOf(site, tinyServer).length;
  await site.stop();
  return { childSurvives: orphaned === before && after === before, copies, takenOver: !isLive(before) };
}

/** Stops a child that has forked twice, once into a session of its own; what of it lives two seconds later. */
export async function measureLeftovers(site: Supervisor, familyFile: string): Promise<number> {
  rmSync(familyFile, { force: true });
  await site.start();
  const child = await awaitServer(site.port, undefined, START_LIMIT_MS);
  if (child === undefined) throw new Error(`${site.name}: the child with a family did not start`);
  const family = readFileSync(familyFile, 'utf8').trim().split(' ').map(Number);
  await site.stop();
  await sleep(2_000);
  return family.filter(isLive).length;
}

function serversOf(site: Supervisor, tinyServer: string): readonly number[] {
  return processesOfProgram(tinyServer).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(String(site.port)),
  );
}
