import type { SupervisorDependencies } from './dependencies.ts';
import type { ServerRun } from './supervision.ts';

/** What moves while a server starts, as far as it can be seen from outside. */
export interface ProgressSnapshot {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly outputBytes: number;
  readonly text?: string;
  readonly cpuMs: number;
  readonly ioBytes: number;
}

/** Share of one processor from which a tree counts as working; probes alone keep an idle server below it. */
const BUSY_SHARE = 0.1;
/** Bytes read and written between two looks from which a tree counts as working. */
const BUSY_IO_BYTES = 64 * 1024;

/** Looks at the output file, the server's own words, and what its processes cost. */
export async function lookAtProgress(
  { clock, files, processes, link }: SupervisorDependencies,
  run: ServerRun,
): Promise<ProgressSnapshot> {
  const facts = await files.facts(run.outputFile);
  const usage = await processes.usage(await processes.tree(run.process, run.nonce));
  const text = link.report()?.progress;
  return {
    at: clock.monotonic(),
    outputBytes: facts.ok ? (facts.value?.size ?? 0) : 0,
    ...(text !== undefined && { text }),
    cpuMs: usage.cpuMs,
    ioBytes: usage.ioBytes ?? 0,
  };
}

/** True when something moved between two looks; `busyShare` of one processor counts as movement. Pure. */
export function hasMoved(before: ProgressSnapshot, after: ProgressSnapshot, busyShare = BUSY_SHARE): boolean {
  return (
    after.outputBytes > before.outputBytes ||
    after.text !== before.text ||
    after.ioBytes - before.ioBytes >= BUSY_IO_BYTES ||
    after.cpuMs - before.cpuMs >= (after.at - before.at) * busyShare
  );
}

export interface StartLimits {
  readonly limitMs: number;
  readonly extendMs: number;
  readonly hardLimitMs: number;
}

/** The deadline after a look at `at`: progress extends it, up to the hard limit. All monotonic milliseconds. Pure. */
export function extendDeadline(deadline: number, beganAt: number, at: number, moved: boolean, limits: StartLimits) {
  if (!moved) return deadline;
  return Math.max(deadline, Math.min(at + limits.extendMs, beganAt + limits.hardLimitMs));
}
