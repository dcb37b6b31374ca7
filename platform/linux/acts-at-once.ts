import { closeSync, constants, fstatSync, linkSync, lstatSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import type { ActsAtOnce } from '../acts-at-once.ts';
import { faultOf } from '../fault.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { ChildRegistry } from '../node/child-registry.ts';
import { type Actor, attemptNow } from '../node/errno.ts';
import { factsOf, openRegularNow } from '../node/file-handles.ts';
import { spawnDetachedNow } from '../node/spawn-detached.ts';
import { openProc } from './proc.ts';
import { carriersOf, identifyStarted } from './started-processes.ts';

/** @param children learns of each child, so that its exit is told to whoever waits for it */
export function createActsAtOnce(actor: Actor, children: ChildRegistry): ActsAtOnce {
  const proc = openProc();
  return {
    facts: (path) => {
      const stats = attemptNow(actor, 'lstat', path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
      return stats.ok ? succeed(stats.value && factsOf(stats.value)) : stats;
    },
    readText: (path, limit) => readText(actor, path, limit),
    list: (path) => attemptNow(actor, 'readdir', path, () => readdirSync(path).sort()),
    renameFile: (from, to) =>
      attemptNow(actor, 'rename', from, () => {
        // link(2) refuses a name that is taken; a death in between leaves both names, as that of `Files.renameNew` does.
        linkSync(from, to);
        unlinkSync(from);
      }),
    // A launcher that was started by its own server carries the nonce too.
    findByNonce: (nonce) => carriersOf(proc, nonce).filter(({ pid }) => pid !== process.pid),
    spawnDetached: (request) => {
      const started = spawnDetachedNow(actor, (pid) => identifyStarted(proc, pid), request);
      if (!started.ok) return started;
      children.add(started.value.identity, started.value.child);
      return succeed(started.value.identity);
    },
  };
}

function readText(actor: Actor, path: string, limit: number): Result<string> {
  const opened = openRegularNow(actor, path, constants.O_RDONLY);
  if (!opened.ok) return opened;
  try {
    const { size } = fstatSync(opened.value);
    if (size > limit) return fail(faultOf('too-large', 'larger than it may be', { path, operation: 'read' }));
    return attemptNow(actor, 'read', path, () => readFileSync(opened.value, 'utf8'));
  } finally {
    closeSync(opened.value);
  }
}
