import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import type { Result } from '../platform/result.ts';
import type { ServerState, StopRung } from './server-state.ts';

export interface StartReport {
  readonly process: ProcessIdentity;
  /** Spawn → ready, monotonic milliseconds. */
  readonly readyAfterMs: number;
  /** As the server itself reported it over the child protocol. */
  readonly version?: string;
}

export interface StopReport {
  /** The rung that ended it. */
  readonly rung: StopRung;
  readonly exit: ProcessExit;
  readonly tookMs: number;
}

export interface StopRequest {
  readonly signal?: AbortSignal;
  /** For the log and for the server. */
  readonly reason?: string;
  /** Whoever stops it means to start it in a moment: connections may wait for that (`handover`). */
  readonly startsAgain?: boolean;
}

/** What the probes saw in one round. */
export interface HealthSample {
  readonly ready: boolean;
  readonly fault?: Fault;
  /** Of the readiness probe, milliseconds. */
  readonly latencyMs?: number;
  readonly process?: ProcessIdentity;
}

/** Something that happened to the server, for events, history and the health watch. */
export type ServerEvent =
  | { readonly kind: 'started'; readonly process: ProcessIdentity; readonly at: number }
  | { readonly kind: 'adopted'; readonly process: ProcessIdentity; readonly at: number }
  | { readonly kind: 'ready'; readonly process: ProcessIdentity; readonly at: number; readonly afterMs: number }
  | { readonly kind: 'ended'; readonly exit: ProcessExit; readonly wanted: boolean; readonly at: number }
  /** Unwell for long, and left alone because it may be at work; told once until it is well again. */
  | { readonly kind: 'unwell'; readonly fault: Fault; readonly at: number }
  /** The server does not stay up; told once until it is over. */
  | {
      readonly kind: 'alarm-raised';
      readonly since: number;
      readonly crashes: number;
      readonly windowMs: number;
      readonly cause: Fault;
      readonly at: number;
    }
  | { readonly kind: 'alarm-over'; readonly since: number; readonly at: number }
  | { readonly kind: 'state'; readonly state: ServerState; readonly at: number };

/**
 * The one supervised server. While an update holds it (`hold`), nothing restarts it but the update.
 *
 * Calls may be repeated: starting what runs and stopping what is stopped succeed at once.
 */
export interface ServerControl {
  state(): ServerState;
  /** Finds the server that an earlier launcher started and watches it, or learns that there is none. Once, at the start. */
  adopt(): Promise<ProcessIdentity | undefined>;
  /** Starts it and resolves when it is ready, has failed, or its (progress-extended) deadline has passed. */
  start(options?: { readonly signal?: AbortSignal; readonly startLimitMs?: number }): Promise<Result<StartReport>>;
  /** The ladder: order, request, wait, kill, prove. Resolves when no process is left and no file of the bundle is held. */
  stop(options?: StopRequest): Promise<Result<StopReport>>;
  /** Takes automatic restarts away (an update, `stop` of the admin). */
  hold(reason: Fault): void;
  /** Gives automatic restarts back; starts the server if it is not running. */
  resume(): void;
  /** One round of the probes, now. */
  sampleHealth(): Promise<HealthSample>;
  /** Crashes and starts since this launcher runs, for the health watch. */
  counts(): { readonly starts: number; readonly crashes: number };
  subscribe(listener: (event: ServerEvent) => void): () => void;
  /** Stops watching without touching the server. */
  detach(): Promise<void>;
}
