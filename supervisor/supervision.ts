import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import type { Result } from '../platform/result.ts';
import type { MemorySample } from './crashes/memory-curve.ts';
import type { Alarm } from './alarm.ts';
import type { ChildRecords } from './child-record.ts';
import type { Handover } from './handover.ts';
import type { SupervisorDependencies } from './dependencies.ts';
import type { OutputKeeper } from './output/output-keeper.ts';
import type { ProbeClients } from './probes/probe-clients.ts';
import type { ProbeTally } from './probes/probe-tally.ts';
import type { RestartHistory } from './restart-policy.ts';
import type { StartReport, StopReport } from './server-control.ts';
import type { ServerOptions } from './server-options.ts';
import type { StateStore } from './state-store.ts';

/** One life of the server's process, from spawn or adoption to the proof that nothing of it is left. */
export interface ServerRun {
  readonly process: ProcessIdentity;
  readonly nonce: string;
  readonly outputFile: string;
  /** Monotonic milliseconds of the spawn or adoption. */
  readonly beganAt: number;
  /** `aborted` when the launcher let go of the server before it ended. */
  readonly exited: Promise<ProcessExit | 'aborted'>;
  /** Aborts when the process is gone or let go: ends all watching of this run. */
  readonly watch: AbortController;
  readiness: Readiness;
  life: { readonly kind: 'alive' } | { readonly kind: 'ended'; readonly exit: ProcessExit };
  healthWatched: boolean;
  /** It was ready at some time of its life, for this launcher or an earlier one. */
  wasReady: boolean;
  /** What it held in memory, newest last. */
  readonly memory: MemorySample[];
}

export type Readiness =
  | { readonly kind: 'pending' }
  /** `at` is monotonic; `afterMs` counts from the spawn. */
  | { readonly kind: 'ready'; readonly at: number; readonly afterMs: number };

/** The one act under way; others join it or wait for it. */
export type Activity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'adopting'; readonly done: Promise<unknown> }
  | { readonly kind: 'starting'; readonly done: Promise<Result<StartReport>>; readonly cancel: AbortController }
  | { readonly kind: 'stopping'; readonly done: Promise<Result<StopReport>> };

/** How far a restart at once has come in the turn in which the server ended. */
export type AfterCrash =
  /** Whoever reads what that server said last takes hold of its output, which then gets another name. */
  | { readonly kind: 'to-be-spawned'; readonly outputHeld: Promise<unknown> }
  /** It lives already, and has the token of the run before. */
  | { readonly kind: 'spawned'; readonly run: ServerRun; readonly token: string };

/** Everything that the parts of the supervision share; made by `createServerControl`. */
export interface Supervision {
  readonly dependencies: SupervisorDependencies;
  readonly options: ServerOptions;
  readonly records: ChildRecords;
  readonly store: StateStore;
  readonly output: OutputKeeper;
  readonly alarm: Alarm;
  /** The server's port while no server has it. */
  readonly handover: Handover;
  /** What each probe saw of the process that lives. */
  readonly tally: ProbeTally;
  readonly probeClients: ProbeClients;
  /** Aborts when the launcher lets go of the server. */
  readonly detached: AbortController;
  /** Work in the background that `detach` waits for. */
  readonly tasks: Set<Promise<unknown>>;
  /** Starts the server by the supervisor's own decision. */
  readonly startAgain: () => void;
  /** Stops it by the supervisor's own decision. */
  readonly stop: (reason: string) => Promise<Result<StopReport>>;
  activity: Activity;
  run: ServerRun | undefined;
  hold: Fault | undefined;
  /** The record could not be read: an earlier server may live that nothing points to. */
  recordLost: boolean;
  /** The nonce of the last start whose stop was proven by this launcher: nothing that carries it can live again. */
  provenGone: string | undefined;
  restarts: RestartHistory;
  /** The next start follows a crash of a server that had been well. */
  afterCrash: AfterCrash | undefined;
  /** Aborting it takes a planned restart back. */
  restartPlan: AbortController;
  starts: number;
  crashes: number;
}

/** Registers background work, so that letting go can wait for its end. */
export function inBackground(supervision: Supervision, work: Promise<unknown>): void {
  supervision.tasks.add(work);
  void work
    .catch((error: unknown) => supervision.dependencies.log.error('supervision failed', { error: String(error) }))
    .finally(() => supervision.tasks.delete(work));
}

/** Nothing is under way now. */
export function isIdle(supervision: Supervision): boolean {
  return supervision.activity.kind === 'idle';
}

/** The run whose process lives, if any. */
export function liveRun(supervision: Supervision): ServerRun | undefined {
  return supervision.run?.life.kind === 'alive' ? supervision.run : undefined;
}

/** How long the run was ready until now, milliseconds; 0 when it never was. */
export function readyFor(supervision: Supervision, run: ServerRun): number {
  return run.readiness.kind === 'ready' ? supervision.dependencies.clock.monotonic() - run.readiness.at : 0;
}
