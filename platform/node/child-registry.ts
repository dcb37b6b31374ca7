import type { ChildProcess } from 'node:child_process';
import type { ProcessExit, ProcessIdentity } from '../processes.ts';

/** Ended children whose exit is still told; older ones answer `gone`. */
const REMEMBERED_EXITS = 256;

/** Our own children: the OS tells their exit to us alone, and only once. */
export interface ChildRegistry {
  add(identity: ProcessIdentity, child: ChildProcess): void;
  /** The promised exit of a child of ours; undefined for a process that is none. */
  waitFor(identity: ProcessIdentity, signal?: AbortSignal): Promise<ProcessExit | 'aborted'> | undefined;
}

interface OwnChild {
  readonly child: ChildProcess;
  readonly exit: Promise<ProcessExit>;
  waiting: number;
}

export function createChildRegistry(): ChildRegistry {
  const children = new Map<string, OwnChild>();
  const ended: string[] = [];
  return {
    add: (identity, child) => {
      const key = keyOf(identity);
      const exit = exitOfChild(child);
      children.set(key, { child, exit, waiting: 0 });
      void exit.then(() => {
        ended.push(key);
        if (ended.length > REMEMBERED_EXITS) children.delete(ended.shift() ?? '');
      });
    },
    waitFor: (identity, signal) => {
      const own = children.get(keyOf(identity));
      return own && waitForOwn(own, signal);
    },
  };
}

/** A detached child does not keep this process up, but somebody who waits for it does. */
async function waitForOwn(own: OwnChild, signal: AbortSignal | undefined): Promise<ProcessExit | 'aborted'> {
  if (signal?.aborted) return 'aborted';
  if (own.waiting === 0) own.child.ref();
  own.waiting += 1;
  const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>();
  const onAbort = (): void => resolve('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([own.exit, aborted]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    own.waiting -= 1;
    if (own.waiting === 0) own.child.unref();
  }
}

function keyOf(identity: ProcessIdentity): string {
  return `${identity.pid}/${identity.startTime}/${identity.bootId}`;
}

export function exitOfChild(child: ChildProcess): Promise<ProcessExit> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(exitFrom(child.exitCode, child.signalCode));
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(exitFrom(code, signal)));
  });
}

function exitFrom(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
  if (signal !== null) return { kind: 'signalled', signal };
  return code === null ? { kind: 'gone' } : { kind: 'exited', code };
}
