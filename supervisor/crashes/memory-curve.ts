import type { Clock } from '../../platform/clock.ts';
import type { ProcessIdentity, Processes } from '../../platform/processes.ts';

/** What the processes of one run held in memory at a time. */
export interface MemorySample {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly residentBytes: number;
  readonly processes: number;
}

/**
 * Close together after the start, where servers die first. A look takes 2.6 ms of processor time beside 133 processes (the whole
 * table is read for the tree): one each half minute is 0.01 % of a core. Milliseconds.
 */
const FIRST_AFTER_MS = 1_000;
const EVERY_MS = 30_000;
/** An hour of samples, and the first minute. */
const SAMPLES = 128;

/** Adds samples of the run's tree to `samples`, of which the newest stay, until `signal` aborts. */
export async function sampleMemory(
  { clock, processes }: { readonly clock: Clock; readonly processes: Processes },
  run: { readonly process: ProcessIdentity; readonly nonce: string; readonly memory: MemorySample[] },
  signal: AbortSignal,
): Promise<void> {
  let pause = FIRST_AFTER_MS;
  while ((await clock.sleep(pause, signal)) === 'elapsed') {
    pause = Math.min(pause * 2, EVERY_MS);
    const usage = await processes.usage(await processes.tree(run.process, run.nonce));
    if (usage.processes === 0) continue;
    run.memory.push({ at: clock.now(), residentBytes: usage.residentBytes, processes: usage.processes });
    if (run.memory.length > SAMPLES) run.memory.shift();
  }
}
