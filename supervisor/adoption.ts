import type { ProcessIdentity, Processes } from '../platform/processes.ts';
import { type ChildRecord, type ChildRunning, identityOf } from './child-record.ts';

/** What a record says about the server that an earlier launcher started. */
export type AdoptionVerdict =
  | { readonly kind: 'adopt'; readonly process: ProcessIdentity; readonly nonce: string }
  /** The server is gone; something of that start lives. */
  | { readonly kind: 'leftovers'; readonly processes: readonly ProcessIdentity[] }
  | { readonly kind: 'gone' };

/**
 * Finds the process of a record. A pid alone proves nothing: only start time and boot id, or the nonce, do.
 *
 * @param ports where the server is expected to listen
 */
export async function judgeRecord(
  processes: Processes,
  record: ChildRecord,
  ports: readonly number[],
): Promise<AdoptionVerdict> {
  if (record.kind === 'running' && (await processes.isAlive(identityOf(record)))) {
    return { kind: 'adopt', process: identityOf(record), nonce: record.nonce };
  }
  // The launcher died between a restart and its record. It had proven before that nothing of the run before was left.
  const restarted = record.kind === 'running' && record.next !== undefined ? record.next : undefined;
  const started = restarted === undefined ? [] : await processes.findByNonce(restarted);
  if (restarted !== undefined && started.length > 0) {
    return { kind: 'adopt', process: await rootOf(processes, started), nonce: restarted };
  }
  const carriers = await processes.findByNonce(record.nonce);
  if (carriers.length === 0) return { kind: 'gone' };
  const root = await rootOf(processes, carriers);
  if (record.kind === 'intent' || (await isServer(processes, root, record, ports))) {
    return { kind: 'adopt', process: root, nonce: record.nonce };
  }
  return { kind: 'leftovers', processes: carriers };
}

/** Of several processes of one start, the one from which the most others stem. */
async function rootOf(processes: Processes, carriers: readonly ProcessIdentity[]): Promise<ProcessIdentity> {
  const sized = await Promise.all(
    carriers.map(async (identity) => ({ identity, size: (await processes.tree(identity)).length })),
  );
  const [first, ...others] = sized;
  if (!first) throw new Error('rootOf needs a process');
  return others.reduce((best, next) => {
    if (next.size !== best.size) return next.size > best.size ? next : best;
    return next.identity.pid < best.identity.pid ? next : best;
  }, first).identity;
}

/**
 * The recorded process is gone but others carry its nonce: usually what it left behind.
 *
 * It is the server itself when it holds the server's port: its record could not be written (disk full at its start).
 */
async function isServer(
  processes: Processes,
  root: ProcessIdentity,
  record: ChildRunning,
  ports: readonly number[],
): Promise<boolean> {
  const tree = new Set((await processes.tree(root, record.nonce)).map((identity) => identity.pid));
  for (const port of ports) {
    const holders = await processes.portHolders(port);
    if (holders.some((holder) => holder && tree.has(holder.pid))) return true;
  }
  return false;
}
