import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result } from '../../platform/result.ts';
import type { StepFacts } from './facts.ts';
import type { Journal } from './journal.ts';
import { type JournalEntry, orderOf } from './journal-entry.ts';
import { type Move, nextMove } from './next-move.ts';
import type { Outcome } from './order.ts';
import type { StepName, UndoableStep } from './pipeline.ts';
import type { StepContext, Steps } from './step.ts';
import type { StepNote, UpdateTools } from './tools.ts';

/** One order on its way. */
export interface OrderRun {
  readonly journal: Journal;
  readonly steps: Steps;
  readonly tools: UpdateTools;
  readonly clock: Clock;
  /** The launcher is asked to end: the order stays as it is and goes on at the next start. */
  readonly shutdown: AbortSignal;
  /** A person cancelled: forward steps and waiting end early. */
  readonly cancelled: AbortSignal;
  /** Aborts when a person has said something that waiting must notice at once; a new one each time it is asked for. */
  readonly nudged?: () => AbortSignal;
  onNote(step: StepName, note: StepNote): void;
}

export type RunEnd =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'interrupted' }
  /** The journal cannot be written: nothing may be done that is not written first. */
  | { readonly kind: 'stuck'; readonly fault: Fault };

/**
 * The only loop: read, decide, note, act, note. Starting an order and recovering one after a crash are the same call.
 */
export async function runOrder(run: OrderRun): Promise<RunEnd> {
  for (;;) {
    if (run.shutdown.aborted) {
      return { kind: 'interrupted' };
    }
    const decidedFrom = run.journal.entries.length;
    const move = nextMove(run.journal.entries, run.clock.now());
    if (move.kind === 'rest') {
      return { kind: 'settled', outcome: move.outcome };
    }
    const made = await make(run, move, decidedFrom);
    if (!made.ok) {
      return { kind: 'stuck', fault: made.fault };
    }
  }
}

async function make(run: OrderRun, move: Exclude<Move, { kind: 'rest' }>, decidedFrom: number): Promise<Result<void>> {
  switch (move.kind) {
    case 'run':
      return runStep(run, move.step, decidedFrom);
    case 'undo':
      return undoStep(run, move.step);
    case 'wait':
      return wait(run, move, decidedFrom);
    case 'wait-for-word':
      return waitForWord(run, move.step, decidedFrom);
    case 'settle':
      return note(run, { kind: 'settled', outcome: move.outcome });
  }
}

async function runStep(run: OrderRun, step: StepName, decidedFrom: number): Promise<Result<void>> {
  const entry: JournalEntry = { at: run.clock.now(), kind: 'began', step };
  // A cancellation that came since the decision is decided on first: nobody is told "cancelled" of what commits.
  const began = await run.journal.appendIf(entry, (entries) => entries.length === decidedFrom);
  if (!began.ok || !began.value) {
    return began.ok ? { ok: true, value: undefined } : began;
  }
  const result = await guarded<StepFacts[StepName]>(step, () => run.steps[step].run(contextOf(run, step, 'run')));
  if (run.shutdown.aborted && !result.ok) {
    // Not a failure of the step: the next start finds it half-run and decides.
    return { ok: true, value: undefined };
  }
  return note(run, result.ok ? doneEntry(step, result.value) : { kind: 'failed', step, fault: result.fault });
}

async function undoStep(run: OrderRun, step: UndoableStep): Promise<Result<void>> {
  const began = await note(run, { kind: 'undo-began', step });
  if (!began.ok) {
    return began;
  }
  const result = await guarded(step, () => run.steps[step].undo(contextOf(run, step, 'undo')));
  if (run.shutdown.aborted && !result.ok) {
    return { ok: true, value: undefined };
  }
  return note(run, result.ok ? { kind: 'undone', step } : { kind: 'undo-failed', step, fault: result.fault });
}

/** Waits in pieces, so that a wall clock that is set forward or back is noticed. */
async function wait(run: OrderRun, move: Extract<Move, { kind: 'wait' }>, decidedFrom: number): Promise<Result<void>> {
  const left = move.until - run.clock.now();
  const failed = run.journal.entries.findLast((entry) => entry.kind === 'failed' || entry.kind === 'undo-failed');
  if (move.why === 'retry' && failed !== undefined) {
    run.onNote(move.step, { kind: 'trying-again', fault: failed.fault, at: move.until });
  } else {
    run.onNote(move.step, { kind: 'scheduled', at: move.until });
  }
  return nap(run, left, decidedFrom);
}

async function waitForWord(run: OrderRun, step: StepName, decidedFrom: number): Promise<Result<void>> {
  run.onNote(step, { kind: 'awaiting-word' });
  return nap(run, LONGEST_NAP_MS, decidedFrom);
}

/** What was said since the decision is decided on at once. */
async function nap(run: OrderRun, milliseconds: number, decidedFrom: number): Promise<Result<void>> {
  const nudged = run.nudged?.();
  if (run.journal.entries.length === decidedFrom) {
    const signals = nudged === undefined ? [signalFor(run)] : [signalFor(run), nudged];
    await run.clock.sleep(Math.min(milliseconds, LONGEST_NAP_MS), AbortSignal.any(signals));
  }
  return { ok: true, value: undefined };
}

const LONGEST_NAP_MS = 30_000;

function contextOf(run: OrderRun, step: StepName, way: 'run' | 'undo'): StepContext {
  return {
    order: orderOf(run.journal.entries),
    journal: run.journal.entries,
    inherited: run.journal.inherited,
    tools: run.tools,
    signal: way === 'run' ? signalFor(run) : run.shutdown,
    note: (stepNote) => run.onNote(step, stepNote),
  };
}

/** Once an order has turned back, its cancellation is known and must not cut the closing steps short. */
function signalFor(run: OrderRun): AbortSignal {
  const turned = run.journal.entries.some(({ kind }) => kind === 'cancelled' || kind === 'undo-began');
  return turned ? run.shutdown : AbortSignal.any([run.shutdown, run.cancelled]);
}

/** A bug in a step must not leave the server down: it counts as a failure of the step, and the order turns back. */
async function guarded<Value>(step: StepName, act: () => Promise<Result<Value>>): Promise<Result<Value>> {
  try {
    return await act();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return fail(faultOf('unexpected', detail, { operation: step }));
  }
}

function doneEntry(step: StepName, facts: StepFacts[StepName]): EntryWithoutTime {
  // `step` and `facts` come from the same step; the compiler cannot see that pair through the union.
  return { kind: 'done', step, facts } as EntryWithoutTime;
}

type EntryWithoutTime = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, 'at'>
    : never
  : never;

async function note(run: OrderRun, entry: EntryWithoutTime): Promise<Result<void>> {
  return run.journal.append({ at: run.clock.now(), ...entry });
}
