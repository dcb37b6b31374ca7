import type { ChildProcess } from 'node:child_process';
import type { ProcessExit, ProcessIdentity } from '../processes.ts';

/** Ended children whose exit is still told; older ones answer `gone`. */
const REMEMBERED_EXITS = 256;

/** Our own children: the OS tells their exit to us alone, and only once. */
export interface ChildRegistry {
  add(identity: ProcessIdentity, child: ChildProcess): void;
  /** The promised exit of a child of ours. */
  exitOf(identity: ProcessIdentity): Promise<ProcessExit> | undefined;
}

export function createChildRegistry(): ChildRegistry {
  const exits = new Map<string, Promise<ProcessExit>>();
  const ended: string[] = [];
  return {
    add: (identity, child) => {
      const key = keyOf(identity);
      const exit = exitOfChild(child);
      exits.set(key, exit);
      void exit.then(() => {
        ended.push(key);
        if (ended.length > REMEMBERED_EXITS) exits.delete(ended.shift() ?? '');
      });
    },
    exitOf: (identity) => exits.get(keyOf(identity)),
  };
}

export function keyOf(identity: ProcessIdentity): string {
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
