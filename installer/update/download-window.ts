import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result } from '../../platform/result.ts';
import { nextOpening } from '../schedule/windows.ts';
import type { Order } from './order.ts';
import type { StepContext } from './step.ts';

/** Whether an order may fetch now; `until` is wall clock. */
export type DownloadHours =
  | { readonly kind: 'any-time' }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'closed'; readonly until: number };

/** A person's order is not kept waiting: hours are for what nobody asked for. Pure. */
export function downloadHours({ unattended }: Pick<Order, 'unattended'>, now: number): DownloadHours {
  const opening = unattended?.downloads === undefined ? undefined : nextOpening(unattended.downloads, now);
  if (opening === undefined) return { kind: 'any-time' };
  const { opensAt, closesAt } = opening;
  return opensAt > now ? { kind: 'closed', until: opensAt } : { kind: 'open', until: closesAt };
}

/** The wall clock may be set: it is looked at this often. */
const LONGEST_NAP_MS = 30_000;

/**
 * Fetches as long as the order may; what has come by then stays, to be gone on with.
 *
 * Errors: `download-window-closed`, and those of `act`.
 */
export async function withinDownloadHours<Value>(
  context: StepContext,
  act: (context: StepContext) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const { order, tools, signal } = context;
  const hours = downloadHours(order, tools.clock.now());
  if (hours.kind === 'any-time') return act(context);
  if (hours.kind === 'closed') return closed();
  const [over, ended] = [new AbortController(), new AbortController()];
  const watching = abortAt(tools.clock, hours.until, over, ended.signal);
  const outcome = await act({ ...context, signal: AbortSignal.any([signal, over.signal]) });
  ended.abort();
  await watching;
  return !outcome.ok && over.signal.aborted && !signal.aborted ? closed() : outcome;
}

async function abortAt(clock: Clock, until: number, over: AbortController, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const left = until - clock.now();
    if (left <= 0) {
      over.abort();
      return;
    }
    await clock.sleep(Math.min(left, LONGEST_NAP_MS), ended);
  }
}

function closed(): Result<never> {
  return fail(faultOf('download-window-closed', 'the hours in which releases may be fetched are over'));
}
