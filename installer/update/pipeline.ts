/**
 * Every step of an update or rollback, in the order in which it runs.
 *
 * Above `commit` each step can be undone; `commit` is the point of no return; what follows closes the order either way.
 */

export type OrderKind = 'update' | 'rollback';

interface StepRule {
  readonly step: string;
  /** Which orders take this step. */
  readonly orders: readonly OrderKind[];
  /** `undoable` before the point of no return; `final` is that point; `closing` runs forward and after a fallback. */
  readonly phase: 'undoable' | 'final' | 'closing';
  /** What a crash in the middle means: run it again, or turn back. */
  readonly afterCrash: 'again' | 'undo';
  /** How often the step may begin (crashes and transient faults together). */
  readonly attempts: number;
  /** How often its undoing may begin before a person is called. */
  readonly undoAttempts: number;
}

const BOTH = ['update', 'rollback'] as const;
const UPDATE = ['update'] as const;

// prettier-ignore
export const PIPELINE = [
  { step: 'preflight', orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 2 },
  { step: 'download',  orders: UPDATE, phase: 'undoable', afterCrash: 'again', attempts: 12, undoAttempts: 2 },
  { step: 'verify',    orders: UPDATE, phase: 'undoable', afterCrash: 'again', attempts: 2,  undoAttempts: 2 },
  { step: 'stage',     orders: UPDATE, phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 2 },
  { step: 'warn',      orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 2 },
  { step: 'drain',     orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 3 },
  { step: 'stop',      orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 5 },
  { step: 'backUp',    orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 2,  undoAttempts: 5 },
  { step: 'carryOver', orders: UPDATE, phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 2 },
  { step: 'swap',      orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 12 },
  // A first start may convert the data; a conversion that was cut in half is not continued but taken back.
  { step: 'start',     orders: BOTH,   phase: 'undoable', afterCrash: 'undo',  attempts: 2,  undoAttempts: 5 },
  { step: 'health',    orders: BOTH,   phase: 'undoable', afterCrash: 'again', attempts: 3,  undoAttempts: 1 },
  { step: 'commit',    orders: BOTH,   phase: 'final',    afterCrash: 'again', attempts: 9,  undoAttempts: 0 },
  { step: 'notify',    orders: BOTH,   phase: 'closing',  afterCrash: 'again', attempts: 5,  undoAttempts: 0 },
  { step: 'cleanUp',   orders: BOTH,   phase: 'closing',  afterCrash: 'again', attempts: 5,  undoAttempts: 0 },
] as const satisfies readonly StepRule[];

export type PipelineRule = (typeof PIPELINE)[number];
export type StepName = PipelineRule['step'];
export type UndoableStep = Extract<PipelineRule, { phase: 'undoable' }>['step'];

/** The rules that an order of this kind goes through. */
export function pipelineFor(kind: OrderKind): readonly PipelineRule[] {
  return PIPELINE.filter((rule) => (rule.orders as readonly OrderKind[]).includes(kind));
}

export function isStepName(text: string): text is StepName {
  return PIPELINE.some(({ step }) => step === text);
}
