import type { Fault, FaultCode } from '../../platform/fault.ts';
import { nextOpening } from '../schedule/windows.ts';
import { downloadHours } from './download-window.ts';
import { type JournalEntry, orderOf } from './journal-entry.ts';
import type { Outcome, SwapCondition } from './order.ts';
import { pipelineFor, type PipelineRule, type StepName, type UndoableStep } from './pipeline.ts';

/** The one thing to do next. */
export type Move =
  | { readonly kind: 'run'; readonly step: StepName }
  | { readonly kind: 'undo'; readonly step: UndoableStep }
  /** Nothing before `until` (wall-clock milliseconds). */
  | { readonly kind: 'wait'; readonly until: number; readonly why: 'scheduled' | 'retry'; readonly step: StepName }
  /** A person has to say something first. */
  | { readonly kind: 'wait-for-word'; readonly step: StepName }
  | { readonly kind: 'settle'; readonly outcome: Outcome }
  | { readonly kind: 'rest'; readonly outcome: Outcome };

/** Faults of the environment, not of the release: worth another try later (promise 4). */
const TRANSIENT: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'file-held',
  'io-error',
  'too-many-open-files',
  'timed-out',
  'worker-died',
  'name-not-resolved',
  'connection-refused',
  'connection-failed',
  'too-slow',
  'body-truncated',
  'http-status',
  'server-port-taken',
]);

/** Whether the same act may succeed a little later. */
export function isTransient(fault: Fault): boolean {
  // It only says what for: its cause says why.
  if (fault.code === 'shipped-list-missing') return fault.cause !== undefined && isTransient(fault.cause);
  return TRANSIENT.has(fault.code);
}

export const FIRST_RETRY_MS = 5_000;
export const LONGEST_RETRY_MS = 90_000;

/** The user's delay is promised from here on: scheduling waits in front of this step. */
const FIRST_DISTURBING: StepName = 'warn';

/** Reads the journal and says what comes next. Pure: same journal, same clock, same move. It holds all policy. */
export function nextMove(journal: readonly JournalEntry[], now: number): Move {
  const settled = journal.find((entry) => entry.kind === 'settled');
  if (settled !== undefined) {
    return { kind: 'rest', outcome: settled.outcome };
  }
  const rules = pipelineFor(orderOf(journal).kind);
  return mustTurnBack(journal, rules) ? back(journal, rules, now) : ahead(journal, rules, now);
}

/** True once the order can only go back; nothing is undone after the commit began. */
function mustTurnBack(journal: readonly JournalEntry[], rules: readonly PipelineRule[]): boolean {
  if (began(journal, 'commit') > 0) {
    return false;
  }
  return (
    journal.some(({ kind }) => kind === 'cancelled' || kind === 'undo-began') ||
    rules.some((rule) => rule.phase === 'undoable' && isLost(journal, rule))
  );
}

function ahead(journal: readonly JournalEntry[], rules: readonly PipelineRule[], now: number): Move {
  const rule = rules.find((candidate) => !isDone(journal, candidate.step) && !isGivenUp(journal, candidate));
  if (rule === undefined) {
    return { kind: 'settle', outcome: outcomeOf(journal) };
  }
  return waitBefore(journal, rule, now) ?? { kind: 'run', step: rule.step };
}

/** Undoes what began, last first; then the closing steps; then settles. */
function back(journal: readonly JournalEntry[], rules: readonly PipelineRule[], now: number): Move {
  const open = rules.findLast((rule) => rule.phase === 'undoable' && isOpen(journal, rule));
  if (open?.phase === 'undoable') {
    return waitBeforeUndo(journal, open, now) ?? { kind: 'undo', step: open.step };
  }
  const closing = rules.find(
    (rule) => rule.phase === 'closing' && !isDone(journal, rule.step) && !isGivenUp(journal, rule),
  );
  if (closing !== undefined) {
    return waitBefore(journal, closing, now) ?? { kind: 'run', step: closing.step };
  }
  return { kind: 'settle', outcome: outcomeOf(journal) };
}

/** How this journal ends, or would end if it settled now. */
export function outcomeOf(journal: readonly JournalEntry[]): Outcome {
  const { kind } = orderOf(journal);
  if (began(journal, 'commit') > 0) {
    return kind === 'update' ? 'updated' : 'rolled-back';
  }
  if (pipelineFor(kind).some((rule) => isUndoGivenUp(journal, rule))) {
    return 'held';
  }
  if (journal.some((entry) => entry.kind === 'cancelled')) {
    return 'cancelled';
  }
  return began(journal, 'stop') > 0 ? 'fell-back' : 'refused';
}

/** A step is lost when it failed for good, was cut in half and may not be repeated, or began too often. */
function isLost(journal: readonly JournalEntry[], { step, afterCrash, attempts }: PipelineRule): boolean {
  const last = lastOf(journal, step);
  if (last?.kind === 'failed') {
    return !isPause(last.fault) && (!isTransient(last.fault) || tries(journal, step) >= attempts);
  }
  return last?.kind === 'began' && (afterCrash === 'undo' || tries(journal, step) >= attempts);
}

/** Steps from `commit` on are never lost: when their attempts are used up, the order goes on without them. */
function isGivenUp(journal: readonly JournalEntry[], rule: PipelineRule): boolean {
  return rule.phase !== 'undoable' && began(journal, rule.step) >= rule.attempts;
}

function isOpen(journal: readonly JournalEntry[], rule: PipelineRule): boolean {
  return began(journal, rule.step) > 0 && !has(journal, 'undone', rule.step) && !isUndoGivenUp(journal, rule);
}

function isUndoGivenUp(journal: readonly JournalEntry[], { step, undoAttempts, phase }: PipelineRule): boolean {
  return phase === 'undoable' && !has(journal, 'undone', step) && count(journal, 'undo-began', step) >= undoAttempts;
}

function isDone(journal: readonly JournalEntry[], step: StepName): boolean {
  return has(journal, 'done', step);
}

function waitBefore(journal: readonly JournalEntry[], rule: PipelineRule, now: number): Move | undefined {
  const { notBefore, unattended, delaySeconds } = orderOf(journal);
  if (rule.step === FIRST_DISTURBING && unattended !== undefined && !has(journal, 'began', rule.step)) {
    const held = holdBefore(unattended, delaySeconds, now, rule.step);
    if (held !== undefined) return held;
  }
  if (
    rule.step === FIRST_DISTURBING &&
    notBefore !== undefined &&
    notBefore > now &&
    !has(journal, 'began', rule.step)
  ) {
    return { kind: 'wait', until: notBefore, why: 'scheduled', step: rule.step };
  }
  const last = lastOf(journal, rule.step);
  const paused = last?.kind === 'failed' && isPause(last.fault);
  if (rule.step === 'download' || paused) {
    const hours = downloadHours(orderOf(journal), now);
    if (hours.kind === 'closed') return { kind: 'wait', until: hours.until, why: 'scheduled', step: rule.step };
  }
  if (last?.kind !== 'failed' || paused) return undefined;
  return retryWait(last.at, tries(journal, rule.step), now, rule.step);
}

/** Users are warned only if the whole of their delay lies in the window. */
function holdBefore(unattended: SwapCondition, delaySeconds: number, now: number, step: StepName): Move | undefined {
  if (unattended.kind === 'on-word') return { kind: 'wait-for-word', step };
  const opening = nextOpening(unattended.rule, now, delaySeconds * 1000);
  if (opening === undefined) return { kind: 'wait-for-word', step };
  return opening.opensAt <= now ? undefined : { kind: 'wait', until: opening.opensAt, why: 'scheduled', step };
}

function waitBeforeUndo(journal: readonly JournalEntry[], rule: PipelineRule, now: number): Move | undefined {
  const last = lastOf(journal, rule.step);
  return last?.kind === 'undo-failed'
    ? retryWait(last.at, count(journal, 'undo-began', rule.step), now, rule.step)
    : undefined;
}

/** Doubling from 5 s to 90 s; a clock that jumped back cannot make it wait longer than that. */
function retryWait(failedAt: number, tries: number, now: number, step: StepName): Move | undefined {
  const delay = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS);
  const left = failedAt + delay - now;
  return left > 0 && left <= delay ? { kind: 'wait', until: now + left, why: 'retry', step } : undefined;
}

/** The hours for downloads are over: that is no failure, and goes on when they begin again. */
function isPause({ code }: Fault): boolean {
  return code === 'download-window-closed';
}

/** How often a step began, pauses aside. */
function tries(journal: readonly JournalEntry[], step: StepName): number {
  const pauses = journal.filter((entry) => entry.kind === 'failed' && entry.step === step && isPause(entry.fault));
  return began(journal, step) - pauses.length;
}

type StepEntry = Extract<JournalEntry, { step: StepName }>;

function lastOf(journal: readonly JournalEntry[], step: StepName): StepEntry | undefined {
  return journal.findLast((entry): entry is StepEntry => 'step' in entry && entry.step === step);
}

function began(journal: readonly JournalEntry[], step: StepName): number {
  return count(journal, 'began', step);
}

function has(journal: readonly JournalEntry[], kind: StepEntry['kind'], step: StepName): boolean {
  return count(journal, kind, step) > 0;
}

function count(journal: readonly JournalEntry[], kind: StepEntry['kind'], step: StepName): number {
  return journal.filter((entry) => entry.kind === kind && 'step' in entry && entry.step === step).length;
}

/** Is this fault about the release itself (and not about the machine, the network or an order)? Then it is marked bad. */
const RELEASE_IS_BAD: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'smoke-failed',
  'server-exited',
  'server-not-ready',
  'server-unhealthy',
  'server-wrong-version',
]);

export function blamesRelease(fault: Fault | undefined): boolean {
  return fault !== undefined && RELEASE_IS_BAD.has(fault.code);
}
