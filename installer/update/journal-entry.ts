import type { Fault } from '../../platform/fault.ts';
import type { StepFacts } from './facts.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Order, Outcome } from './order.ts';
import type { StepName, UndoableStep } from './pipeline.ts';

/** One line of the journal: a fact, in the past tense. Lines are only ever added. `at` is wall-clock milliseconds. */
export type JournalEntry =
  | { readonly kind: 'ordered'; readonly at: number; readonly order: Order }
  | { readonly kind: 'began'; readonly at: number; readonly step: StepName }
  | DoneEntry
  | { readonly kind: 'failed'; readonly at: number; readonly step: StepName; readonly fault: Fault }
  | { readonly kind: 'undo-began'; readonly at: number; readonly step: UndoableStep }
  | { readonly kind: 'undone'; readonly at: number; readonly step: UndoableStep }
  | { readonly kind: 'undo-failed'; readonly at: number; readonly step: UndoableStep; readonly fault: Fault }
  | CancelledEntry
  | { readonly kind: 'postponed'; readonly at: number; readonly seconds: number }
  | { readonly kind: 'continued'; readonly at: number }
  | TakenOverEntry
  | { readonly kind: 'settled'; readonly at: number; readonly outcome: Outcome };

/** Turned back by a person or, when it could not write its journal, by the launcher itself. */
export interface CancelledEntry {
  readonly kind: 'cancelled';
  readonly at: number;
  readonly by: string;
  /** While nothing could be written the next bundle was live: it may have run, and converted the data. */
  readonly nextWasLive?: true;
}

/** A person ordered what was already prepared without anybody's word: from here on it is his order. */
export interface TakenOverEntry {
  readonly kind: 'taken-over';
  readonly at: number;
  readonly by: string;
  readonly delaySeconds: number;
  readonly language: Language;
  readonly notBefore?: number;
  readonly notifyEmail?: string;
}

export type DoneEntry = {
  [Name in StepName]: {
    readonly kind: 'done';
    readonly at: number;
    readonly step: Name;
    readonly facts: StepFacts[Name];
  };
}[StepName];

export type EntryKind = JournalEntry['kind'];

export const ENTRY_KINDS: readonly EntryKind[] = [
  'ordered',
  'began',
  'done',
  'failed',
  'undo-began',
  'undone',
  'undo-failed',
  'cancelled',
  'postponed',
  'continued',
  'taken-over',
  'settled',
];

/** The order that a journal is about; every journal begins with it. */
export function orderOf(journal: readonly JournalEntry[]): Order {
  const first = journal[0];
  if (first?.kind !== 'ordered') {
    throw new Error('a journal begins with its order');
  }
  const taken = journal.findLast((entry) => entry.kind === 'taken-over');
  return taken === undefined ? first.order : takenOver(first.order, taken);
}

function takenOver(ordered: Order, entry: TakenOverEntry): Order {
  const { by, delaySeconds, language, notBefore, notifyEmail } = entry;
  const { unattended: given, ...order } = ordered;
  return given === undefined
    ? ordered
    : {
        ...order,
        orderedBy: by,
        delaySeconds,
        language,
        ...(notBefore === undefined ? {} : { notBefore }),
        ...(notifyEmail === undefined ? {} : { notifyEmail }),
      };
}

/** The facts of a finished step, newest first; undefined when it has not been done. */
export function factsOf<Name extends StepName>(
  journal: readonly JournalEntry[],
  step: Name,
): StepFacts[Name] | undefined {
  const entry = journal.findLast(
    (candidate): candidate is DoneEntry => candidate.kind === 'done' && candidate.step === step,
  );
  // The union member is chosen by `step`; the compiler cannot follow the generic name through it.
  return entry?.facts as StepFacts[Name] | undefined;
}

/** The fault that decided the order's fate: the first one of the step that could not be repeated. */
export function decisiveFault(journal: readonly JournalEntry[]): Fault | undefined {
  const turned = journal.findIndex(({ kind }) => kind === 'undo-began' || kind === 'settled');
  const forward = turned < 0 ? journal : journal.slice(0, turned);
  const failed = forward.findLast((entry) => entry.kind === 'failed');
  return failed?.kind === 'failed' ? failed.fault : undefined;
}
