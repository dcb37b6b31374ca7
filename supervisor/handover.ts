import type { ListeningSocket } from '../platform/listening-socket.ts';
import type { ProcessIdentity, Processes } from '../platform/processes.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import type { SupervisorDependencies } from './dependencies.ts';
import { takenBy } from './probes/port-owner.ts';
import type { ServerOptions } from './server-options.ts';

/** How long connections wait for a server that is to come up again; longer than a swap, shorter than people's patience. */
const KEPT_MS = 30_000;

/**
 * The socket on which the server accepts and the launcher does not. It outlives the server: who connects between two servers
 * waits in the system's queue instead of being refused. Decision 0024.
 */
export interface Handover {
  /**
   * For a server that is spawned now; undefined where it opens its port itself.
   *
   * Errors: `server-port-taken`, and those of opening a socket.
   */
  socket(): Promise<Result<ListeningSocket | undefined>>;
  /** The server is down, and somebody starts it again in a moment. */
  keep(): void;
  /** It is down for longer: whoever connects is told so at once. */
  release(): void;
}

const NO_HANDOVER: Handover = {
  socket: () => Promise.resolve(succeed(undefined)),
  keep: () => undefined,
  release: () => undefined,
};

/** A launcher that took a running server over has no socket; it opens one for the next start. */
export function createHandover(dependencies: SupervisorDependencies, { handover }: ServerOptions): Handover {
  const { clock, log, processes, openListeningSocket } = dependencies;
  if (handover === undefined || openListeningSocket === undefined) return NO_HANDOVER;
  const { host, port } = handover;
  let socket: ListeningSocket | undefined;
  let keeping = new AbortController();

  const open = async (): Promise<Result<ListeningSocket>> => {
    const opened = await openListeningSocket(host, port);
    if (opened.ok) socket = opened.value;
    if (opened.ok || opened.fault.code !== 'port-in-use') return opened;
    const [holder] = await processes.portHolders(port);
    return fail(await takenBy(processes, port, holder));
  };

  const release = (): void => {
    keeping.abort();
    socket?.close();
    socket = undefined;
  };

  return {
    socket: () => {
      keeping.abort();
      return socket === undefined ? open() : Promise.resolve(succeed(socket));
    },
    keep() {
      if (socket === undefined) return;
      keeping.abort();
      keeping = new AbortController();
      void clock.sleep(KEPT_MS, keeping.signal).then((end) => {
        if (end === 'aborted') return;
        log.warn('the server has not come up again: connections are refused from now on', { port });
        release();
      });
    },
    release,
  };
}

/** The launcher's own hold of the server's port says nothing about who serves there. */
export function exceptOwnSocket(processes: Processes, ownPid: number): Processes {
  const isOther = (holder: ProcessIdentity | undefined): boolean => holder?.pid !== ownPid;
  return { ...processes, portHolders: async (port) => (await processes.portHolders(port)).filter(isOther) };
}
