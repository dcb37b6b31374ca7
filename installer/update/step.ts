import type { Result } from '../../platform/result.ts';
import type { StepFacts } from './facts.ts';
import { factsOf, type JournalEntry } from './journal-entry.ts';
import type { Order } from './order.ts';
import type { StepName, UndoableStep } from './pipeline.ts';
import type { StepNote, UpdateTools } from './tools.ts';

/** What a step sees: the order, what earlier steps wrote down, and its tools. */
export interface StepContext {
  readonly order: Order;
  readonly journal: readonly JournalEntry[];
  /** So many entries were written by earlier launchers: what users were told then is no longer being shown. */
  readonly inherited: number;
  readonly tools: UpdateTools;
  /** Aborts on cancel (forward steps only) and when the launcher is asked to end. */
  readonly signal: AbortSignal;
  note(note: StepNote): void;
}

/** One step of the pipeline. Both ways are safe to repeat, from any state that a crash can leave. */
export type Step<Name extends StepName> = {
  run(context: StepContext): Promise<Result<StepFacts[Name]>>;
} & (Name extends UndoableStep ? { undo(context: StepContext): Promise<Result<void>> } : unknown);

/** All steps; total by type. */
export type Steps = { readonly [Name in StepName]: Step<Name> };

/** The facts of an earlier step that must have been done; its absence is a bug of the pipeline, not an outcome. */
export function required<Name extends StepName>(context: StepContext, step: Name): StepFacts[Name] {
  const facts = factsOf(context.journal, step);
  if (facts === undefined) {
    throw new Error(`the step before this one, ${step}, left no facts`);
  }
  return facts;
}

/** Undoing nothing: for steps that leave nothing behind. */
export const nothingToUndo = async (): Promise<Result<void>> => Promise.resolve({ ok: true, value: undefined });
