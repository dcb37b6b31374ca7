import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { StepView, UpdateView } from '../api/schemas.ts';
import { stepName } from '../texts/describe.ts';
import { say } from '../texts/messages.ts';
import { cut, padEnd, shortDuration, type Style, widthOf } from './style.ts';

/** Left of each step. */
export const STEP_SIGNS: Readonly<Record<StepView['state'], string>> = {
  waiting: '·',
  running: '▸',
  done: '✓',
  failed: '✗',
  undoing: '◂',
  undone: '↩',
};

const DURATION_COLUMNS = 12;
const GAP = '  ';

/** An order as a list of its steps, none wider than `columns`. Pure; `nowMs` is the wall clock, for running steps. */
export function stepList(
  view: UpdateView,
  options: { readonly language: Language; readonly columns: number; readonly nowMs: number; readonly style: Style },
): readonly string[] {
  const { language, columns, nowMs, style } = options;
  const names = view.steps.map(({ name }) => stepName(name, language));
  const nameColumns = Math.min(Math.max(...names.map(widthOf), 0), Math.floor(columns / 2));
  const lines = view.steps.map((step, index) => {
    const sign = paint(step.state, STEP_SIGNS[step.state], style);
    const name = padEnd(cut(names[index] ?? '', nameColumns), nameColumns);
    const took = durationOf(step, nowMs);
    const shown = `${sign} ${step.state === 'waiting' ? style.dim(name) : name}${GAP}${took.padStart(DURATION_COLUMNS)}`;
    const room = columns - widthOf(shown) - GAP.length;
    const note = step.note === undefined || room < 1 ? '' : `${GAP}${style.dim(cut(step.note, room))}`;
    const line = `${shown}${note}`;
    return widthOf(line) <= columns ? line.trimEnd() : cut(plain(line), columns);
  });
  return [style.bold(cut(orderLine(view, language), columns)), ...lines];
}

/** `Update 2026.1.0 → 2026.2.0 · order 4f… · by root`. */
export function orderLine(view: UpdateView, language: Language): string {
  const what = say(language, view.kind === 'update' ? 'cli.update' : 'cli.rollback');
  const versions = [view.from, view.to].filter((version) => version !== undefined).join(' → ');
  return [
    versions === '' ? what : `${what} ${versions}`,
    say(language, 'cli.order', { id: view.id }),
    ...(view.orderedBy === undefined ? [] : [say(language, 'cli.by', { name: view.orderedBy })]),
  ].join(' · ');
}

function paint(state: StepView['state'], text: string, style: Style): string {
  switch (state) {
    case 'waiting':
      return style.dim(text);
    case 'running':
      return style.bold(text);
    case 'done':
      return style.good(text);
    case 'failed':
      return style.bad(text);
    case 'undoing':
    case 'undone':
      return style.warning(text);
  }
}

function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}

function durationOf(step: StepView, nowMs: number): string {
  const ms = elapsedOf(step, nowMs);
  return ms === undefined ? '' : shortDuration(ms);
}

/** How long a step took, or has been running; undefined before it began. */
export function elapsedOf({ startedAt, endedAt, state }: StepView, nowMs: number): number | undefined {
  if (startedAt === undefined || state === 'waiting') return undefined;
  const end =
    endedAt === undefined ? (state === 'running' || state === 'undoing' ? nowMs : undefined) : Date.parse(endedAt);
  return end === undefined ? undefined : end - Date.parse(startedAt);
}
