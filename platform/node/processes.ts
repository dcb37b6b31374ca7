import type { Clock } from '../clock.ts';
import type { ProcessExit, ProcessIdentity, Processes } from '../processes.ts';
import { succeed } from '../result.ts';
import { createChildRegistry } from './child-registry.ts';
import type { ChildRegistry } from './child-registry.ts';
import type { Actor } from './errno.ts';
import type { ProcessObserver } from './process-observer.ts';
import { processTree } from './process-tree.ts';
import type { RunCommand } from './run-command.ts';
import { spawnDetached } from './spawn-detached.ts';

/** Processes of this machine: starting and waiting are Node's, watching and signalling are the observer's. */
export function createProcesses(actor: Actor, clock: Clock, observer: ProcessObserver, run: RunCommand): Processes {
  const children = createChildRegistry();
  const findByNonce = async (nonce: string): Promise<readonly ProcessIdentity[]> => {
    const rows = await observer.list();
    return (await observer.withNonce(rows, nonce)).map((row) => row.identity).filter(isNotSelf);
  };
  return {
    spawnDetached: async (request) => {
      const started = await spawnDetached(actor, observer.identifyStarted, request);
      if (!started.ok) return started;
      children.add(started.value.identity, started.value.child);
      return succeed(started.value.identity);
    },
    run,
    identify: observer.identify,
    isAlive: observer.isAlive,
    waitForExit: (identity, signal) => waitForExit(clock, observer, children, identity, signal),
    signal: observer.signal,
    tree: async (root, nonce) => {
      const rows = await observer.list();
      const carriers = nonce === undefined ? [] : await observer.withNonce(rows, nonce);
      return processTree(rows, root, carriers, process.pid);
    },
    findByNonce,
    usage: observer.usage,
    portHolders: observer.portHolders,
    tcpPeers: observer.tcpPeers,
    holdersOf: observer.holdersOf,
    nameOf: observer.nameOf,
  };
}

/** A launcher that was started by its own server carries the nonce too. */
function isNotSelf(identity: ProcessIdentity): boolean {
  return identity.pid !== process.pid;
}

async function waitForExit(
  clock: Clock,
  observer: ProcessObserver,
  children: ChildRegistry,
  identity: ProcessIdentity,
  signal: AbortSignal | undefined,
): Promise<ProcessExit | 'aborted'> {
  const own = children.exitOf(identity);
  if (own !== undefined) return signal === undefined ? own : Promise.race([own, abortOf(signal, own)]);
  for (;;) {
    if (signal?.aborted) return 'aborted';
    if (!(await observer.isAlive(identity))) return { kind: 'gone' };
    await clock.sleep(observer.pollMs, signal);
  }
}

/** Resolves when `signal` aborts; lets go of it once `other` has settled. */
function abortOf(signal: AbortSignal, other: Promise<unknown>): Promise<'aborted'> {
  return new Promise((resolve) => {
    const onAbort = (): void => resolve('aborted');
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void other.finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
