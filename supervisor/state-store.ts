import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ServerEvent } from './server-control.ts';
import type { ServerState } from './server-state.ts';
import { nextState, type StateEvent } from './state-table.ts';

/** The present state and those who want to know of changes. */
export interface StateStore {
  state(): ServerState;
  /** Moves by the state table; tells the listeners if anything changed. */
  apply(event: StateEvent): void;
  tell(event: ServerEvent): void;
  subscribe(listener: (event: ServerEvent) => void): () => void;
}

export function createStateStore(clock: Clock, log: Log): StateStore {
  let state: ServerState = { kind: 'stopped', since: clock.now() };
  const listeners = new Set<(event: ServerEvent) => void>();
  const tell = (event: ServerEvent) => {
    for (const listener of [...listeners]) tellOne(listener, event, log);
  };
  return {
    state: () => state,
    apply: (event) => {
      const next = nextState(state, event);
      if (next === state) return;
      if (next.kind !== state.kind) log.info(`server: ${state.kind} → ${next.kind}`, { event: event.kind });
      state = next;
      tell({ kind: 'state', state, at: clock.now() });
    },
    tell,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A listener with a bug must not take the supervision of the server down with it. */
function tellOne(listener: (event: ServerEvent) => void, event: ServerEvent, log: Log): void {
  try {
    listener(event);
  } catch (error) {
    log.error('a listener of the server failed', { error: String(error), event: event.kind });
  }
}
