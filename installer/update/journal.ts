import { basename, dirname, join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { JournalEntry } from './journal-entry.ts';
import { lineOf, parseJournal } from './journal-text.ts';
import type { Order } from './order.ts';

/** The durable record of one order. `append` returns only when the line is on disk. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** Of the entries, those that were there when it was opened: an earlier launcher wrote them. */
  readonly inherited: number;
  append(entry: JournalEntry): Promise<Result<void>>;
  /**
   * Appends only if `holds` says so of the entries at the moment of writing; gives whether it was written.
   *
   * What was decided from a journal is only true of that journal: a person may have cancelled in between.
   */
  appendIf(entry: JournalEntry, holds: (entries: readonly JournalEntry[]) => boolean): Promise<Result<boolean>>;
}

/** Bytes; a journal of the longest walk with its reports stays far below. */
const JOURNAL_LIMIT = 8 * 1024 * 1024;
const RESERVE_NAME = 'reserve';
const RESERVE_BYTES = 256 * 1024;

/** Creates the journal of a new order; its first line is on disk when this returns, or nothing is left of it. */
export async function createJournal(files: Files, folder: string, order: Order, at: number): Promise<Result<Journal>> {
  const made = await files.makeFolder(folder, 0o700);
  if (!made.ok) {
    return made;
  }
  // The state folder may be new as well, and who made it may have failed to force its name to disk.
  await files.syncFolder(dirname(folder));
  await files.syncFolder(dirname(dirname(folder)));
  await keepReserve(files, folder);
  const earlier = await listJournals(files, folder);
  if (!earlier.ok) {
    return earlier;
  }
  const name = `${stampAfter(at, earlier.value.at(-1))}-${order.id}.journal`;
  const path = join(folder, name);
  const journal = openJournal(files, path, []);
  const ordered = await journal.append({ kind: 'ordered', at, order });
  if (!ordered.ok) {
    // The order is refused: no later launcher may find its line, whole or half, and take the order after all.
    await files.remove(path);
    await files.syncFolder(folder);
  }
  return ordered.ok ? succeed(journal) : ordered;
}

/**
 * A small file that is given up when the disk is full, so that an order that began can still be written to its end.
 *
 * Where it cannot be made the order begins without: preflight has looked at the space.
 */
async function keepReserve(files: Files, folder: string): Promise<void> {
  const path = join(folder, RESERVE_NAME);
  const present = await files.facts(path);
  if (present.ok && present.value === undefined) {
    await files.writeDurably(path, Buffer.alloc(RESERVE_BYTES), 0o600);
  }
}

/** As in `20261122T101500123Z-<id>.journal`. */
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/;

/**
 * The first part of a journal's name: the time, but always later than that of the newest journal.
 *
 * A listing sorted by name is then in the order of the orders, also after the clock was set back; only the last may be open.
 */
function stampAfter(at: number, newest: string | undefined): string {
  const [, year, month, day, hour, minute, second, fraction] = STAMP.exec(basename(newest ?? '')) ?? [];
  const last = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}Z`);
  return new Date(Number.isNaN(last) ? at : Math.max(at, last + 1)).toISOString().replace(/[-:.]/g, '');
}

/** What a journal file turned out to be. */
export type ReadJournal =
  | { readonly kind: 'journal'; readonly journal: Journal }
  /** Its launcher died before the first line: the order was never taken. */
  | { readonly kind: 'empty' }
  /** Not readable as written: damaged in the middle, or from a newer program. The caller sets it aside. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly newer: boolean };

/** Reads a journal back. A torn last line (the power went while it was written) is dropped: its act had not begun. */
export async function readJournal(files: Files, path: string): Promise<Result<ReadJournal>> {
  const text = await files.readText(path, JOURNAL_LIMIT);
  if (!text.ok) {
    return text;
  }
  if (isUnbegun(text.value)) {
    return succeed({ kind: 'empty' });
  }
  const parsed = parseJournal(text.value);
  if (!Array.isArray(parsed)) {
    return succeed({ kind: 'unreadable', ...parsed });
  }
  // A torn last line: the next write replaces the file instead of gluing to it.
  const torn = !text.value.endsWith('\n');
  return succeed({ kind: 'journal', journal: openJournal(files, path, parsed, torn) });
}

/**
 * Forces to disk what was read of a journal: whoever wrote its last line may have been killed before his fsync.
 *
 * What is decided from that line must not be undone by a power cut that takes it away. Errors: of the disk.
 */
export async function settleJournal(files: Files, path: string): Promise<Result<void>> {
  const flushed = await files.appendDurably(path, '', 0o600);
  return flushed.ok ? files.syncFolder(dirname(path)) : flushed;
}

/** Nothing, or the beginning of the first line: whoever gave the order was never told that it is taken. Zeros are damage. */
function isUnbegun(text: string): boolean {
  return !text.includes('\n') && !text.includes('\0');
}

function openJournal(files: Files, path: string, initial: readonly JournalEntry[], startsTorn = false): Journal {
  const entries = [...initial];
  let torn = startsTorn;
  // Two writers (the loop, and a person who cancels) take turns.
  let turn: Promise<unknown> = Promise.resolve();
  const write = async (entry: JournalEntry): Promise<Result<void>> => {
    const first = await tryWrite(entry);
    if (first.ok || (first.fault.code !== 'disk-full' && first.fault.code !== 'quota-exceeded')) {
      return first;
    }
    await files.remove(join(dirname(path), RESERVE_NAME));
    return tryWrite(entry);
  };
  const tryWrite = async (entry: JournalEntry): Promise<Result<void>> => {
    const written = torn
      ? await files.writeDurably(path, [...entries, entry].map(lineOf).join(''), 0o600)
      : await files.appendDurably(path, lineOf(entry), 0o600);
    // A failed append may have left half a line; the next write replaces the file instead of gluing to it.
    torn = !written.ok;
    if (written.ok) {
      entries.push(entry);
    }
    return written;
  };
  const inTurn = <Value>(act: () => Promise<Value>): Promise<Value> => {
    const mine = turn.then(act);
    turn = mine;
    return mine;
  };
  return {
    entries,
    inherited: initial.length,
    append: (entry) => inTurn(() => write(entry)),
    appendIf: (entry, holds) =>
      inTurn(async () => {
        if (!holds(entries)) {
          return succeed(false);
        }
        const written = await write(entry);
        return written.ok ? succeed(true) : written;
      }),
  };
}

/** The journals of a folder, oldest first, by path. */
export async function listJournals(files: Files, folder: string): Promise<Result<readonly string[]>> {
  const present = await files.facts(folder);
  if (!present.ok || present.value === undefined) {
    return present.ok ? succeed([]) : present;
  }
  const names = await files.list(folder);
  return names.ok
    ? succeed(names.value.filter((name) => name.endsWith('.journal')).map((name) => join(folder, name)))
    : names;
}

/** Whether the name of a journal says that it is of the order with this id. */
export function isNamedAfter(path: string, id: string): boolean {
  return basename(path).replace(STAMP, '') === `${id}.journal`;
}
