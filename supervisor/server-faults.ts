import { type Fault, faultOf } from '../platform/fault.ts';
import type { ServerState } from './server-state.ts';

/** Why a server without a living process is not healthy. */
export function serverStopped(state: ServerState): Fault {
  const cause = causeOf(state);
  return faultOf('server-stopped', `the server does not run (${state.kind})`, {
    values: { state: state.kind },
    ...(cause && { cause }),
  });
}

function causeOf(state: ServerState): Fault | undefined {
  if (state.kind === 'waiting' || state.kind === 'crashed') return state.cause;
  return state.kind === 'held' ? state.reason : undefined;
}
