import type { Fault } from '../../platform/fault.ts';
import { decisiveFault, factsOf, type JournalEntry, orderOf } from '../../installer/update/journal-entry.ts';
import type { OrderProgress } from '../../installer/update/running-order.ts';
import { pipelineFor, type StepName } from '../../installer/update/pipeline.ts';
import type { StepNote } from '../../installer/update/tools.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Obstacle } from './check-view.ts';
import type { ErrorBody, HistoryView, StepView, UpdateView } from '../api/schemas.ts';

/** How the words are found; the launcher's texts behind one seam, so that the views stay pure. */
export interface ViewWords {
  explain(fault: Fault, language: Language): { readonly message: string; readonly remedy: string };
  /** The same without how the server is now, where that stands beside it. */
  explainCause(fault: Fault, language: Language): { readonly message: string; readonly remedy: string };
  note(note: StepNote, language: Language): string;
  obstacle(obstacle: Obstacle, language: Language): string;
}

/** One order as the port shows it. Pure. */
export function updateView(progress: OrderProgress, language: Language, words: ViewWords): UpdateView {
  const { journal } = progress;
  const order = orderOf(journal);
  const settled = journal.find((entry) => entry.kind === 'settled');
  const facts = factsOf(journal, 'preflight');
  const fault = decisiveFault(journal);
  const to = facts?.to ?? order.version;
  const downtime = downtimeOf(journal);
  return {
    id: order.id,
    kind: order.kind,
    state: settled?.outcome ?? (isScheduled(progress) ? 'scheduled' : 'running'),
    orderedBy: order.orderedBy,
    orderedAt: new Date(journal[0]?.at ?? 0).toISOString(),
    steps: pipelineFor(order.kind).map(({ step }) => stepView(progress, step, language, words)),
    cancellable: settled === undefined && !journal.some((entry) => entry.kind === 'began' && entry.step === 'commit'),
    ...(facts?.from === undefined ? {} : { from: facts.from }),
    ...(to === undefined ? {} : { to }),
    ...(settled === undefined ? {} : { endedAt: new Date(settled.at).toISOString() }),
    ...(downtime === undefined ? {} : { downtimeMs: downtime }),
    ...(fault === undefined || settled?.outcome === 'updated' || settled?.outcome === 'rolled-back'
      ? {}
      : { error: errorBody(fault, language, words) }),
  };
}

function isScheduled({ note }: OrderProgress): boolean {
  return note?.note.kind === 'scheduled' || note?.note.kind === 'awaiting-word';
}

export function errorBody(fault: Fault, language: Language, words: ViewWords): ErrorBody {
  return { code: fault.code, ...words.explain(fault, language), lang: language };
}

/** A settled order for the audit trail. Pure; undefined while it is not settled. */
export function historyView(
  journal: readonly JournalEntry[],
  language: Language,
  words: ViewWords,
): HistoryView | undefined {
  const settled = journal.find((entry) => entry.kind === 'settled');
  if (settled === undefined) {
    return undefined;
  }
  const view = updateView({ journal }, language, words);
  return {
    id: view.id,
    kind: view.kind,
    orderedAt: view.orderedAt,
    endedAt: new Date(settled.at).toISOString(),
    outcome: settled.outcome,
    steps: view.steps,
    ...(view.orderedBy === undefined ? {} : { orderedBy: view.orderedBy }),
    ...(view.from === undefined ? {} : { from: view.from }),
    ...(view.to === undefined ? {} : { to: view.to }),
    ...(view.error === undefined ? {} : { code: view.error.code }),
    ...(view.downtimeMs === undefined ? {} : { downtimeMs: view.downtimeMs }),
  };
}

function stepView({ journal, note }: OrderProgress, step: StepName, language: Language, words: ViewWords): StepView {
  const own = journal.filter((entry) => 'step' in entry && entry.step === step);
  const last = own.at(-1);
  const began = own.findLast((entry) => entry.kind === 'began');
  const ended = own.findLast(({ kind }) => kind === 'done' || kind === 'failed');
  const running = last?.kind === 'began' || last?.kind === 'undo-began';
  const text =
    running && note?.step === step ? words.note(note.note, language) : noteOfFacts(journal, step, language, words);
  return {
    name: step,
    state: stateOf(last),
    ...(began === undefined ? {} : { startedAt: new Date(began.at).toISOString() }),
    ...(ended === undefined || running ? {} : { endedAt: new Date(ended.at).toISOString() }),
    ...(text === undefined ? {} : { note: text }),
  };
}

const STATE_AFTER: { readonly [Kind in JournalEntry['kind']]?: StepView['state'] } = {
  began: 'running',
  done: 'done',
  failed: 'failed',
  'undo-began': 'undoing',
  'undo-failed': 'undoing',
  undone: 'undone',
};

function stateOf(last: JournalEntry | undefined): StepView['state'] {
  return (last === undefined ? undefined : STATE_AFTER[last.kind]) ?? 'waiting';
}

/** What a finished step leaves to be read in its line. */
function noteOfFacts(
  journal: readonly JournalEntry[],
  step: StepName,
  language: Language,
  words: ViewWords,
): string | undefined {
  const failed = journal.findLast((entry) => entry.kind === 'failed' && entry.step === step);
  if (failed?.kind === 'failed') {
    return words.explain(failed.fault, language).message;
  }
  const carried = step === 'carryOver' ? factsOf(journal, 'carryOver')?.carried : undefined;
  return carried?.map(({ path }) => path).join(', ');
}

/** Stop → ready again, by the journal's own times; undefined when the server was not stopped or is not back. */
export function downtimeOf(journal: readonly JournalEntry[]): number | undefined {
  const stopped = journal.find((entry) => entry.kind === 'began' && entry.step === 'stop');
  const back =
    journal.find((entry) => entry.kind === 'undone' && entry.step === 'stop') ??
    journal.find((entry) => entry.kind === 'done' && entry.step === 'start');
  return stopped === undefined || back === undefined ? undefined : Math.max(0, back.at - stopped.at);
}
