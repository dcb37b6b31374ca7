import type { Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { setAside } from '../../platform/record-file.ts';
import { isNamedAfter, type Journal, listJournals, readJournal, settleJournal } from './journal.ts';
import { type JournalEntry, orderOf } from './journal-entry.ts';

/** What an earlier launcher left behind. */
export type OpenOrder =
  | { readonly kind: 'none' }
  /** `serverHeld`: the server is stopped or new, and only the order may start it. */
  | { readonly kind: 'open'; readonly journal: Journal; readonly serverHeld: boolean }
  /** Written by a newer program: nothing is updated, the server runs. */
  | { readonly kind: 'newer'; readonly path: string }
  /** The disk does not give it now, which says nothing of what is in it: nothing is updated, the server runs. */
  | { readonly kind: 'unread'; readonly fault: Fault };

/**
 * Looks at the newest journal; a damaged one is set aside, so that it can never block a start.
 *
 * @param final the order that is final by the record of installed releases
 */
export async function findOpenOrder(
  files: Files,
  folder: string,
  now: number,
  log: Log,
  final?: string,
): Promise<OpenOrder> {
  const paths = await listJournals(files, folder);
  if (!paths.ok) {
    return { kind: 'unread', fault: paths.fault };
  }
  const newest = paths.value.at(-1);
  if (newest === undefined) {
    return { kind: 'none' };
  }
  const read = await readJournal(files, newest);
  if (!read.ok && read.fault.code !== 'too-large' && read.fault.code !== 'path-refused') {
    return { kind: 'unread', fault: read.fault };
  }
  if (read.ok && read.value.kind === 'journal') {
    const { journal } = read.value;
    const kept = await settleJournal(files, newest);
    if (!kept.ok) {
      log.warn('the last order could not be forced to disk', { path: newest, code: kept.fault.code });
    }
    if (isSettled(journal.entries)) {
      return { kind: 'none' };
    }
    if (!lacksItsEnd(journal.entries, final)) {
      return { kind: 'open', journal, serverHeld: holdsServer(journal.entries) };
    }
  }
  if (read.ok && read.value.kind === 'empty') {
    log.info('an order that was never written down is forgotten', { path: newest });
    const removed = await files.remove(newest);
    return removed.ok ? findOpenOrder(files, folder, now, log) : { kind: 'none' };
  }
  if (read.ok && read.value.kind === 'unreadable' && read.value.newer) {
    log.error('the last order was written by a newer om-launcher; updates are refused', { path: newest });
    return { kind: 'newer', path: newest };
  }
  const why = read.ok ? ('why' in read.value ? read.value.why : 'it lacks its end') : 'it cannot be read';
  await setAside({ files, log, clock: { now: () => now } }, newest, `the journal of the last order: ${why}`);
  return { kind: 'none' };
}

/**
 * That the commit begins is on disk before the record says that the order is final. A journal that does not say so has lost its
 * end, and to go on from what is left of it would update once more. Pure.
 */
function lacksItsEnd(entries: readonly JournalEntry[], final: string | undefined): boolean {
  return (
    final !== undefined &&
    orderOf(entries).id === final &&
    !entries.some((entry) => entry.kind === 'began' && entry.step === 'commit')
  );
}

function isSettled(entries: readonly JournalEntry[]): boolean {
  return entries.some(({ kind }) => kind === 'settled');
}

/** Pure: from the stop until the commit, or until the stop has been undone, the server belongs to the order. */
export function holdsServer(entries: readonly JournalEntry[]): boolean {
  const has = (kind: JournalEntry['kind'], step: string): boolean =>
    entries.some((entry) => entry.kind === kind && 'step' in entry && entry.step === step);
  return has('began', 'stop') && !has('undone', 'stop') && !has('done', 'commit');
}

/** The newest readable orders, newest first, at most `limit`; no more journals are read than that takes. */
export async function readHistory(
  files: Files,
  folder: string,
  log: Log,
  limit: number,
): Promise<readonly (readonly JournalEntry[])[]> {
  const paths = await newestFirst(files, folder);
  const journals: (readonly JournalEntry[])[] = [];
  for (const path of paths.slice(0, HISTORY_LIMIT)) {
    if (journals.length >= limit) break;
    const entries = await readEntries(files, path, log);
    if (entries !== undefined) journals.push(entries);
  }
  return journals;
}

/** Journals looked at for the history. */
const HISTORY_LIMIT = 200;

/** The order with this id, however old; undefined when there is none, or none that can be read. */
export async function readOrder(
  files: Files,
  folder: string,
  log: Log,
  id: string,
): Promise<readonly JournalEntry[] | undefined> {
  for (const path of (await newestFirst(files, folder)).filter((one) => isNamedAfter(one, id))) {
    const entries = await readEntries(files, path, log);
    if (entries !== undefined && orderOf(entries).id === id) return entries;
  }
  return undefined;
}

async function newestFirst(files: Files, folder: string): Promise<readonly string[]> {
  const paths = await listJournals(files, folder);
  return paths.ok ? paths.value.toReversed() : [];
}

async function readEntries(files: Files, path: string, log: Log): Promise<readonly JournalEntry[] | undefined> {
  const read = await readJournal(files, path);
  if (read.ok && read.value.kind === 'journal') return read.value.journal.entries;
  log.warn('an order of the history cannot be read', { path });
  return undefined;
}
