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

/**
 * Processes of this machine: starting and waiting are Node's, watching and signalling are the observer's.
 *
 * @param children shared with whatever else starts some
 */
export function createProcesses(
  actor: Actor,
  clock: Clock,
  observer: ProcessObserver,
  run: RunCommand,
  children: ChildRegistry = createChildRegistry(),
): Processes {
  const findByNonce = async (nonce: string): Promise<readonly ProcessIdentity[]> => {
    const carriers = observer.carriersOf
      ? await observer.carriersOf(nonce)
      : (await observer.withNonce(await observer.list(), nonce)).map((row) => row.identity);
    return carriers.filter(isNotSelf);
  };
  return {
    spawnDetached: async (request) => {
      const started = await spawnDetached(actor, (pid) => observer.identifyStarted(pid), request);
      if (!started.ok) return started;
      children.add(started.value.identity, started.value.child);
      return succeed(started.value.identity);
    },
    run,
    identify: (pid) => observer.identify(pid),
    isAlive: (identity) => observer.isAlive(identity),
    waitForExit: (identity, signal) => waitForExit(clock, observer, children, identity, signal),
    signal: (identity, name) => observer.signal(identity, name),
    tree: async (root, nonce) => {
      const rows = await observer.list();
      const carriers = nonce === undefined ? [] : await observer.withNonce(rows, nonce);
      return processTree(rows, root, carriers, process.pid);
    },
    findByNonce,
    noncesOf: (tokenFile) => observer.noncesOf(tokenFile),
    usage: (tree) => observer.usage(tree),
    portHolders: (port) => observer.portHolders(port),
    tcpPeers: (port) => observer.tcpPeers(port),
    holdersOf: (path) => observer.holdersOf(path),
    nameOf: (identity) => observer.nameOf(identity),
    accountOf: (identity) => observer.accountOf(identity),
    portAccounts: (port) => observer.portAccounts(port),
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
  return children.waitFor(identity, signal) ?? waitForForeign(clock, observer, identity, signal);
}

/** Looks at it again and again, and at once when the OS gives a sign. */
async function waitForForeign(
  clock: Clock,
  observer: ProcessObserver,
  identity: ProcessIdentity,
  signal: AbortSignal | undefined,
): Promise<ProcessExit | 'aborted'> {
  const over = new AbortController();
  let nap = new AbortController();
  const wake = (): void => nap.abort();
  signal?.addEventListener('abort', wake, { once: true, signal: over.signal });
  observer.awaitExitSign?.(identity.pid, wake, over.signal);
  try {
    for (;;) {
      if (signal?.aborted) return 'aborted';
      if (!(await observer.isAlive(identity))) return { kind: 'gone' };
      if (!nap.signal.aborted) await clock.sleep(observer.pollMs, nap.signal);
      nap = new AbortController();
    }
  } finally {
    over.abort();
  }
}
