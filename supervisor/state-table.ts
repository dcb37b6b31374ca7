import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import type { ServerState, StopRung } from './server-state.ts';

/** What can happen to the supervised server. Times are wall-clock milliseconds. */
export type StateEvent =
  | { readonly kind: 'start-began'; readonly at: number; readonly deadline: number }
  | { readonly kind: 'spawned'; readonly process: ProcessIdentity }
  | { readonly kind: 'adopted'; readonly at: number; readonly process: ProcessIdentity; readonly deadline: number }
  | { readonly kind: 'progressed'; readonly progress?: string; readonly deadline: number }
  | { readonly kind: 'became-ready'; readonly at: number; readonly process: ProcessIdentity; readonly version?: string }
  | { readonly kind: 'version-reported'; readonly version: string }
  /** The start ended before there was a process. */
  | { readonly kind: 'start-failed'; readonly at: number }
  /** It lives, but its probes fail, or did until the deadline of the start. */
  | { readonly kind: 'probes-failed'; readonly at: number; readonly process: ProcessIdentity; readonly fault: Fault }
  | { readonly kind: 'drain-began'; readonly at: number }
  | { readonly kind: 'drain-ended'; readonly at: number }
  | {
      readonly kind: 'stop-began';
      readonly at: number;
      readonly process: ProcessIdentity;
      readonly rung: StopRung;
      readonly rungDeadline: number;
    }
  | { readonly kind: 'rung-reached'; readonly rung: StopRung; readonly rungDeadline: number }
  /** No process is left and no file is held. */
  | { readonly kind: 'stop-proved'; readonly at: number }
  /** The ladder is at its end and the server still lives. */
  | { readonly kind: 'stop-failed'; readonly at: number; readonly fault: Fault }
  /** The server is gone, but something of it lives or holds its files. */
  | { readonly kind: 'leftovers-found'; readonly at: number; readonly fault: Fault }
  | { readonly kind: 'exited'; readonly at: number; readonly exit: ProcessExit; readonly cause?: Fault }
  | {
      readonly kind: 'restart-planned';
      readonly at: number;
      readonly startAt: number;
      readonly attempt: number;
      readonly cause: Fault;
      readonly untilGone?: true;
    }
  | { readonly kind: 'held'; readonly at: number; readonly reason: Fault }
  | { readonly kind: 'released'; readonly at: number };

export type StateKind = ServerState['kind'];
export type EventKind = StateEvent['kind'];
export type StateOf<Kind extends StateKind> = Extract<ServerState, { kind: Kind }>;
type EventOf<Kind extends EventKind> = Extract<StateEvent, { kind: Kind }>;

/** One cell: the state that follows and how its data is made, or nothing happens. */
type Cell<From extends StateKind, Event extends EventKind> =
  'ignored' | { readonly to: StateKind; readonly make: (state: StateOf<From>, event: EventOf<Event>) => ServerState };

type StateTable = { readonly [From in StateKind]: { readonly [Event in EventKind]: Cell<From, Event> } };

type DataOf<Kind extends StateKind> = Omit<StateOf<Kind>, 'kind'>;

function to<Kind extends StateKind, State, Event>(kind: Kind, data: (state: State, event: Event) => DataOf<Kind>) {
  return { to: kind, make: (state: State, event: Event) => ({ kind, ...data(state, event) }) as ServerState };
}

const no = 'ignored' as const;

const begin = to('starting', (_: unknown, event: EventOf<'start-began'>) => ({
  since: event.at,
  deadline: event.deadline,
}));
const adopt = to('starting', (_: unknown, event: EventOf<'adopted'>) => ({
  since: event.at,
  process: event.process,
  deadline: event.deadline,
}));
const attach = to('starting', (state: StateOf<'starting'>, event: EventOf<'spawned'>) => ({
  ...state,
  process: event.process,
}));
const progress = to('starting', (state: StateOf<'starting'>, event: EventOf<'progressed'>) => ({
  since: state.since,
  ...(state.process && { process: state.process }),
  ...(event.progress !== undefined && { progress: event.progress }),
  deadline: event.deadline,
}));
const ready = to('up', (_: unknown, event: EventOf<'became-ready'>) => ({
  since: event.at,
  process: event.process,
  ...(event.version !== undefined && { version: event.version }),
}));
const tellVersion = to('up', (state: StateOf<'up'>, event: EventOf<'version-reported'>) => ({
  ...state,
  version: event.version,
}));
const giveUp = to('stopped', (_: unknown, event: EventOf<'start-failed'>) => ({ since: event.at }));
const ail = to('degraded', (_: unknown, event: EventOf<'probes-failed'>) => ({
  since: event.at,
  process: event.process,
  fault: event.fault,
}));
const ailOn = to('degraded', (state: StateOf<'degraded'>, event: EventOf<'probes-failed'>) => ({
  ...state,
  fault: event.fault,
}));
const drain = to('draining', (state: { readonly process: ProcessIdentity }, event: EventOf<'drain-began'>) => ({
  since: event.at,
  process: state.process,
}));
const undrain = to('up', (state: StateOf<'draining'>, event: EventOf<'drain-ended'>) => ({
  since: event.at,
  process: state.process,
}));
const stop = to('stopping', (_: unknown, event: EventOf<'stop-began'>) => ({
  since: event.at,
  process: event.process,
  rung: event.rung,
  rungDeadline: event.rungDeadline,
}));
const climb = to('stopping', (state: StateOf<'stopping'>, event: EventOf<'rung-reached'>) => ({
  ...state,
  rung: event.rung,
  rungDeadline: event.rungDeadline,
}));
const rest = to('stopped', (_: unknown, event: { readonly at: number }) => ({ since: event.at }));
const survive = to('degraded', (state: StateOf<'stopping'>, event: EventOf<'stop-failed'>) => ({
  since: event.at,
  process: state.process,
  fault: event.fault,
}));
const leave = to('held', (_: unknown, event: EventOf<'leftovers-found'>) => ({ since: event.at, reason: event.fault }));
const crash = to('crashed', (_: unknown, event: EventOf<'exited'>) => ({
  since: event.at,
  exit: event.exit,
  ...(event.cause && { cause: event.cause }),
}));
const wait = to('waiting', (_: unknown, event: EventOf<'restart-planned'>) => ({
  since: event.at,
  startAt: event.startAt,
  attempt: event.attempt,
  cause: event.cause,
  ...(event.untilGone && { untilGone: event.untilGone }),
}));
const hold = to('held', (_: unknown, event: EventOf<'held'>) => ({ since: event.at, reason: event.reason }));

/** The server's life: every state against every event. */
// prettier-ignore
export const STATE_TABLE: StateTable = {
  stopped: {
    'start-began': begin, spawned: no, adopted: adopt, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': no,
    'stop-began': no, 'rung-reached': no, 'stop-proved': no, 'stop-failed': no, 'leftovers-found': leave,
    exited: no, 'restart-planned': wait, held: hold, released: no,
  },
  starting: {
    'start-began': no, spawned: attach, adopted: no, progressed: progress, 'became-ready': ready, 'version-reported': no,
    'start-failed': giveUp, 'probes-failed': ail, 'drain-began': no, 'drain-ended': no,
    'stop-began': stop, 'rung-reached': no, 'stop-proved': no, 'stop-failed': no, 'leftovers-found': no,
    exited: crash, 'restart-planned': no, held: no, released: no,
  },
  up: {
    'start-began': no, spawned: no, adopted: no, progressed: no, 'became-ready': no, 'version-reported': tellVersion,
    'start-failed': no, 'probes-failed': ail, 'drain-began': drain, 'drain-ended': no,
    'stop-began': stop, 'rung-reached': no, 'stop-proved': no, 'stop-failed': no, 'leftovers-found': no,
    exited: crash, 'restart-planned': no, held: no, released: no,
  },
  degraded: {
    'start-began': no, spawned: no, adopted: no, progressed: no, 'became-ready': ready, 'version-reported': no,
    'start-failed': no, 'probes-failed': ailOn, 'drain-began': drain, 'drain-ended': no,
    'stop-began': stop, 'rung-reached': no, 'stop-proved': no, 'stop-failed': no, 'leftovers-found': no,
    exited: crash, 'restart-planned': no, held: no, released: no,
  },
  draining: {
    'start-began': no, spawned: no, adopted: no, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': undrain,
    'stop-began': stop, 'rung-reached': no, 'stop-proved': no, 'stop-failed': no, 'leftovers-found': no,
    exited: crash, 'restart-planned': no, held: no, released: no,
  },
  stopping: {
    'start-began': no, spawned: no, adopted: no, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': no,
    'stop-began': no, 'rung-reached': climb, 'stop-proved': rest, 'stop-failed': survive, 'leftovers-found': leave,
    exited: no, 'restart-planned': no, held: no, released: no,
  },
  crashed: {
    'start-began': begin, spawned: no, adopted: no, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': no,
    'stop-began': no, 'rung-reached': no, 'stop-proved': rest, 'stop-failed': no, 'leftovers-found': leave,
    exited: no, 'restart-planned': wait, held: hold, released: no,
  },
  waiting: {
    'start-began': begin, spawned: no, adopted: no, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': no,
    'stop-began': no, 'rung-reached': no, 'stop-proved': rest, 'stop-failed': no, 'leftovers-found': leave,
    exited: no, 'restart-planned': no, held: hold, released: no,
  },
  held: {
    'start-began': begin, spawned: no, adopted: adopt, progressed: no, 'became-ready': no, 'version-reported': no,
    'start-failed': no, 'probes-failed': no, 'drain-began': no, 'drain-ended': no,
    'stop-began': no, 'rung-reached': no, 'stop-proved': rest, 'stop-failed': no, 'leftovers-found': leave,
    exited: no, 'restart-planned': no, held: hold, released: rest,
  },
};

/** The state after an event; the very same object when the event means nothing in that state. Pure. */
export function nextState(state: ServerState, event: StateEvent): ServerState {
  const cell = STATE_TABLE[state.kind][event.kind];
  // The table's type pairs each cell with its own state and event; TypeScript cannot follow that through two look-ups.
  return cell === 'ignored' ? state : cell.make(state as never, event as never);
}

/** Every arrow of the table, in its order: for the generated diagram and for tests. */
export function stateTransitions(): readonly {
  readonly from: StateKind;
  readonly event: EventKind;
  readonly to: StateKind;
}[] {
  return (Object.keys(STATE_TABLE) as StateKind[]).flatMap((from) =>
    (Object.keys(STATE_TABLE[from]) as EventKind[]).flatMap((event) => {
      const cell = STATE_TABLE[from][event];
      return cell === 'ignored' ? [] : [{ from, event, to: cell.to }];
    }),
  );
}
