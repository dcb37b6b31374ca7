import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../bytes/run.ts';
import { costOf, supervisorProcesses } from './processes.ts';
import type { Supervisor } from './supervisor.ts';
import { askServer } from './tiny-client.ts';

export interface Flood {
  /** From the order to the last line in the files. */
  readonly seconds: number;
  readonly lost: number;
  readonly twice: number;
  /** Lines that were torn or mixed. */
  readonly broken: number;
  /** Processor time of the supervisor and its loggers, without the child's. */
  readonly cpuSeconds: number;
}

interface Means {
  readonly lines: number;
  readonly doneFile: string;
  readonly tinyServer: string;
  readonly countLines: string;
}

const FLOOD_LIMIT_MS = 150_000;
/** Files that did not grow for this long are complete. */
const STILL_MS = 2_000;
const LOOK_EVERY_MS = 50;

/** The child writes its numbered lines as fast as they are taken; then the lines in the files are counted. */
export async function measureFlood(site: Supervisor, means: Means): Promise<Flood> {
  const child = await askServer(site.port);
  if (child === undefined) throw new Error(`${site.name}: there is no child to write`);
  rmSync(means.doneFile, { force: true });
  const supervisor = (): readonly number[] => supervisorProcesses(site.root(), site.folder, means.tinyServer);
  const before = costOf(supervisor()).cpuSeconds;
  const began = performance.now();
  process.kill(child, 'SIGUSR1');
  const ended = await untilStill(site, means.doneFile, began);
  const cpuSeconds = costOf(supervisor()).cpuSeconds - before;
  const counted = await run(means.countLines, [String(means.lines), ...site.logFiles()]);
  const [found = 0, twice = 0, broken = 0] = counted.output.trim().split(' ').map(Number);
  return { seconds: (ended - began) / 1_000, lost: means.lines - found, twice, broken, cpuSeconds };
}

async function untilStill(site: Supervisor, doneFile: string, began: number): Promise<number> {
  let [size, grownAt] = [-1, performance.now()];
  for (;;) {
    const now = performance.now();
    const total = sizeOf(site.logFiles());
    if (total !== size) [size, grownAt] = [total, now];
    const done = existsSync(doneFile) && readFileSync(doneFile, 'utf8') !== '';
    if ((done && now - grownAt > STILL_MS) || now - began > FLOOD_LIMIT_MS) return grownAt;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A file may be rotated away between the listing and the look. */
function sizeOf(files: readonly string[]): number {
  return files.reduce((total, file) => total + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
