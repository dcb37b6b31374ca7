import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';

/** What the supervised server is doing, with the data that belongs to each state. Times are wall-clock milliseconds. */
export type ServerState =
  | { readonly kind: 'stopped'; readonly since: number }
  | {
      readonly kind: 'starting';
      readonly since: number;
      readonly process?: ProcessIdentity;
      readonly progress?: string;
      readonly deadline: number;
    }
  | { readonly kind: 'up'; readonly since: number; readonly process: ProcessIdentity; readonly version?: string }
  | { readonly kind: 'degraded'; readonly since: number; readonly process: ProcessIdentity; readonly fault: Fault }
  | { readonly kind: 'draining'; readonly since: number; readonly process: ProcessIdentity }
  | {
      readonly kind: 'stopping';
      readonly since: number;
      readonly process: ProcessIdentity;
      readonly rung: StopRung;
      readonly rungDeadline: number;
    }
  | { readonly kind: 'crashed'; readonly since: number; readonly exit: ProcessExit; readonly cause?: Fault }
  | {
      readonly kind: 'waiting';
      readonly since: number;
      readonly startAt: number;
      readonly attempt: number;
      readonly cause: Fault;
      /** Started as soon as the cause is gone; `startAt` is the latest. */
      readonly untilGone?: true;
    }
  /** Not started on purpose until a person or the update says so. */
  | { readonly kind: 'held'; readonly since: number; readonly reason: Fault };

/** The rungs of the stop ladder, in order. */
export const STOP_RUNGS = ['order', 'request', 'kill', 'prove'] as const;
export type StopRung = (typeof STOP_RUNGS)[number];
