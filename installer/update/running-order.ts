import type { Journal } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';
import { ensureLiveBundle, mayRun } from './live-bundle.ts';
import { holdsServer } from './order-history.ts';
import type { StepName } from './pipeline.ts';
import { identityAt } from './renames.ts';
import { type OrderRun, type RunEnd, runOrder } from './run.ts';
import type { Steps } from './step.ts';
import { readSwapPlan } from './swap-plan.ts';
import type { StepNote, UpdateTools } from './tools.ts';

/** An order as seen from outside: its journal so far and what the running step shows. */
export interface OrderProgress {
  readonly journal: readonly JournalEntry[];
  readonly note?: { readonly step: StepName; readonly note: StepNote };
}

/** The one order that is under way in this process. */
export interface RunningOrder {
  readonly journal: Journal;
  readonly cancel: AbortController;
  /** Ends a nap of the order, so that what was just written is seen at once. */
  nudge(): void;
  progress(): OrderProgress;
  /** Resolves when it has settled or the launcher ends. */
  readonly end: Promise<RunEnd>;
}

export interface OrderSurroundings {
  readonly tools: UpdateTools;
  readonly steps: Steps;
  readonly shutdown: AbortSignal;
  publish(progress: OrderProgress): void;
}

/** Begins (or goes on with) the order of this journal. */
export function beginOrder(surroundings: OrderSurroundings, journal: Journal): RunningOrder {
  const cancel = new AbortController();
  let nudging = new AbortController();
  const nudge = (): void => {
    nudging.abort();
    nudging = new AbortController();
  };
  let shown: OrderProgress['note'];
  const progress = (): OrderProgress => ({
    journal: journal.entries,
    ...(shown === undefined ? {} : { note: shown }),
  });
  const observed: Journal = {
    entries: journal.entries,
    inherited: journal.inherited,
    append: async (entry) => {
      const written = await journal.append(entry);
      surroundings.publish(progress());
      return written;
    },
    appendIf: async (entry, holds) => {
      const written = await journal.appendIf(entry, holds);
      surroundings.publish(progress());
      return written;
    },
  };
  const onNote = (step: StepName, note: StepNote): void => {
    shown = { step, note };
    surroundings.publish(progress());
  };
  const end = runToEnd(surroundings, observed, { cancelled: cancel.signal, nudged: () => nudging.signal, onNote });
  return { journal: observed, cancel, nudge, progress, end };
}

/** Minutes, not seconds: a disk that refuses to write is not helped by haste. */
const STUCK_RETRY_MS = 60_000;

async function runToEnd(
  { tools, steps, shutdown }: OrderSurroundings,
  journal: Journal,
  words: Pick<OrderRun, 'cancelled' | 'nudged' | 'onNote'>,
): Promise<RunEnd> {
  for (;;) {
    const end = await runOrder({ journal, steps, tools, clock: tools.clock, shutdown, ...words });
    if (end.kind === 'settled' && holdsServer(journal.entries)) {
      tools.log.error('the order is over and could not give the server back; it is started as it is');
      await letGoOfServer(tools, journal.entries);
    }
    if (end.kind !== 'stuck') {
      return end;
    }
    tools.log.error('the journal cannot be written; the server is started as it is', { code: end.fault.code });
    await letGoOfServer(tools, journal.entries);
    if ((await tools.clock.sleep(STUCK_RETRY_MS, shutdown)) === 'aborted') {
      return { kind: 'interrupted' };
    }
    if (!isCommitting(journal.entries)) {
      // The server runs again, so the order may only turn back, and says so before it does anything.
      const nextWasLive = await isNextLive(tools);
      const at = tools.clock.now();
      await journal.append({ kind: 'cancelled', at, by: 'om-launcher', ...(nextWasLive && { nextWasLive }) });
    }
  }
}

/**
 * People must be able to work although this order can do nothing more for them: its journal cannot be written, or it is over
 * and what would have given the server back was cut off or failed too often.
 *
 * Before the commit the old bundle goes back, as far as the disk allows; from the commit on, and below a server, nothing moves.
 */
async function letGoOfServer(tools: UpdateTools, entries: readonly JournalEntry[]): Promise<void> {
  if (!isCommitting(entries) && !mayRun(tools.server.state())) {
    const whole = await ensureLiveBundle(tools.files, tools.places, await tools.installed.read(), tools.log);
    if (!whole.ok) {
      tools.log.error('no whole bundle was found', { code: whole.fault.code, path: whole.fault.path });
    }
  }
  tools.server.resume();
}

/** The server ran from what is live now: nothing is moved below it. A disk that does not say counts as yes. */
async function isNextLive({ files, places }: UpdateTools): Promise<boolean> {
  const plan = await readSwapPlan(files, places.stateFolder);
  if (plan.ok && plan.value === undefined) {
    return false;
  }
  const live = await identityAt(files, places.bundle);
  return !plan.ok || !live.ok || live.value === plan.value?.next;
}

function isCommitting(entries: readonly JournalEntry[]): boolean {
  return entries.some((entry) => entry.kind === 'began' && entry.step === 'commit');
}
