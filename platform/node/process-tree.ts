import { isSameProcess, type ProcessIdentity } from '../processes.ts';
import type { ProcessRow } from './process-observer.ts';

/**
 * The root and all that stem from it: members of its session, carriers of its nonce (`carriers`), and the children of these.
 *
 * A dead root's pid may belong to a stranger's session by now. It does not while a carrier of the nonce is in that session,
 * because the kernel does not give a pid again while a session has it as its name (Linux kernel/pid.c, `__change_pid`).
 */
export function processTree(
  rows: readonly ProcessRow[],
  root: ProcessIdentity,
  carriers: readonly ProcessRow[],
  self: number,
): readonly ProcessIdentity[] {
  const rootRow = rows.find((row) => isSameProcess(row.identity, root));
  const sessionIsOurs = rootRow !== undefined || carriers.some((row) => row.sessionPid === root.pid);
  const members = sessionIsOurs ? rows.filter((row) => row.sessionPid === root.pid) : [];
  const seeds = [...(rootRow ? [rootRow] : []), ...members, ...carriers];
  return withDescendants(rows, seeds, self).map((row) => row.identity);
}

/** A child is never older than its parent: an older one names a pid that was given again (Windows keeps dead parents' pids). */
function withDescendants(
  rows: readonly ProcessRow[],
  seeds: readonly ProcessRow[],
  self: number,
): readonly ProcessRow[] {
  const children = Map.groupBy(rows, (row) => row.parentPid);
  const found = new Map<number, ProcessRow>();
  const queue = [...seeds];
  for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
    const { pid } = row.identity;
    const { startOrder } = row;
    if (pid === self || found.has(pid)) continue;
    found.set(pid, row);
    queue.push(...(children.get(pid) ?? []).filter((child) => child.startOrder >= startOrder));
  }
  return [...found.values()];
}
