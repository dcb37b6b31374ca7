import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { type JournalEntry, orderOf } from './journal-entry.ts';
import type { RunningOrder } from './running-order.ts';

/** Sum of all postponements of one order. */
const POSTPONE_LIMIT_SECONDS = 600;

/** Cancels the running order `id`; `too-late` once its commit has begun. */
export async function cancelOrder(
  running: RunningOrder | undefined,
  id: string,
  by: string,
  at: number,
): Promise<Result<void>> {
  const said = await say(running, id, { kind: 'cancelled', at, by }, (entries) => !hasBegun(entries, 'commit'));
  if (said.ok) {
    running?.cancel.abort();
  }
  return said;
}

/** Moves the disconnection of the running order `id` by `seconds`; `too-late` once the stop has begun or the sum of postponements is used up. */
export async function postponeOrder(
  running: RunningOrder | undefined,
  id: string,
  seconds: number,
  at: number,
): Promise<Result<void>> {
  return say(running, id, { kind: 'postponed', at, seconds }, (entries) => {
    const sum = entries.reduce((total, earlier) => total + (earlier.kind === 'postponed' ? earlier.seconds : 0), 0);
    return !hasBegun(entries, 'stop') && sum + seconds <= POSTPONE_LIMIT_SECONDS;
  });
}

/** Ends the waiting for users of the running order `id` early; `nothing-to-do` unless it waits for them now, `too-late` once its commit has begun. */
export async function continueOrder(running: RunningOrder | undefined, id: string, at: number): Promise<Result<void>> {
  const said = await say(running, id, { kind: 'continued', at }, isDraining);
  return said.ok ||
    running === undefined ||
    hasBegun(running.journal.entries, 'commit') ||
    said.fault.code !== 'too-late'
    ? said
    : fail(faultOf('nothing-to-do', `order ${id} does not wait for users now`));
}

/** Pure: nobody can vouch for users who have not been told, and there is nothing to shorten once they are gone. */
function isDraining(entries: readonly JournalEntry[]): boolean {
  const last = entries.findLast((entry) => 'step' in entry);
  return last?.kind === 'began' && last.step === 'drain';
}

function hasBegun(entries: readonly JournalEntry[], step: 'stop' | 'commit'): boolean {
  return entries.some((entry) => entry.kind === 'began' && entry.step === step);
}

/** Notes a person's word, if it can still be heeded at the moment at which it is written. */
async function say(
  running: RunningOrder | undefined,
  id: string,
  entry: JournalEntry,
  allowed: (entries: readonly JournalEntry[]) => boolean,
): Promise<Result<void>> {
  if (running === undefined || orderOf(running.journal.entries).id !== id) {
    return fail(faultOf('too-late', `order ${id} is not under way`));
  }
  const said = await running.journal.appendIf(entry, allowed);
  if (said.ok && !said.value) {
    return fail(faultOf('too-late', 'the point up to which this could be asked for has passed'));
  }
  return said.ok ? succeed() : said;
}
