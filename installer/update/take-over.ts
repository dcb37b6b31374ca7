import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { factsOf, type JournalEntry, orderOf } from './journal-entry.ts';
import { type Order, SCHEDULE_NAME } from './order.ts';
import type { RunningOrder } from './running-order.ts';

/** Does this journal wait, prepared or still preparing, without having disturbed anybody? Pure. */
export function isWaitingUnattended(entries: readonly JournalEntry[]): boolean {
  return (
    orderOf(entries).unattended !== undefined &&
    !entries.some((entry) => entry.kind === 'cancelled' || entry.kind === 'settled' || entry.kind === 'undo-began') &&
    !entries.some((entry) => entry.kind === 'began' && entry.step === 'warn')
  );
}

/**
 * A person's order comes before one that nobody gave: the same release becomes his order as it stands, for anything else the
 * unattended one is given up. Errors: `update-running`.
 */
export async function yieldTo(
  running: RunningOrder,
  order: Order,
  at: number,
): Promise<Result<'taken-over' | 'given-up'>> {
  const { id } = orderOf(running.journal.entries);
  const busy = fail(faultOf('update-running', `order ${id} is under way`, { values: { updateId: id } }));
  if (order.unattended !== undefined) return busy;
  if (!isSameRelease(running.journal.entries, order)) return giveUp(running, at, busy);
  const written = await running.journal.appendIf(takenOverBy(order, at), isWaitingUnattended);
  if (!written.ok || !written.value) return written.ok ? busy : written;
  running.nudge();
  return succeed('taken-over');
}

function isSameRelease(entries: readonly JournalEntry[], order: Order): boolean {
  if (order.kind !== 'update' || order.fromFile !== undefined) return false;
  return order.version === undefined || order.version === factsOf(entries, 'preflight')?.to;
}

async function giveUp(running: RunningOrder, at: number, busy: Result<never>): Promise<Result<'given-up'>> {
  const cancelled: JournalEntry = { kind: 'cancelled', at, by: SCHEDULE_NAME };
  const written = await running.journal.appendIf(cancelled, isWaitingUnattended);
  if (!written.ok || !written.value) return written.ok ? busy : written;
  running.cancel.abort();
  await running.end;
  return succeed('given-up');
}

function takenOverBy(order: Order, at: number): JournalEntry {
  const { orderedBy: by, delaySeconds, language, notBefore, notifyEmail } = order;
  return {
    kind: 'taken-over',
    at,
    by,
    delaySeconds,
    language,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notifyEmail === undefined ? {} : { notifyEmail }),
  };
}
