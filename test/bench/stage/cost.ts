import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Cost {
  readonly wallMs: number;
  /** Of this process while it acts, and of the processes that it started and waited for. */
  readonly cpuMs: number;
  /** Highest resident size of any process that it started, MiB; VmHWM, looked at each 20 ms. */
  readonly childPeakMiB: number;
}

const LOOK_EVERY_MS = 20;
const TICK_MS = 10;

/** What an act and its child processes cost. */
export async function costOf(act: () => Promise<unknown>): Promise<Cost> {
  let [over, peak] = [false, 0];
  const watching = (async () => {
    while (!over) {
      for (const pid of descendants(process.pid)) peak = Math.max(peak, peakMiB(pid));
      await sleep(LOOK_EVERY_MS);
    }
  })();
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  try {
    await act();
    return { wallMs: performance.now() - startedAt, cpuMs: cpuMs() - cpuBefore, childPeakMiB: peak };
  } finally {
    over = true;
    await watching;
  }
}

/** Own and waited-for children's user and system time: fields 14 to 17 of proc_pid_stat(5). */
function cpuMs(): number {
  const text = readFileSync('/proc/self/stat', 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}

function descendants(pid: number): readonly number[] {
  const children = readOr(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Between fork and exec a child has our memory, and our command line. */
function peakMiB(pid: number): number {
  if (readOr(`/proc/${pid}/cmdline`) === readOr('/proc/self/cmdline')) return 0;
  return Number(/^VmHWM:\s+(\d+) kB/mu.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** A process may be gone at any moment. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}
