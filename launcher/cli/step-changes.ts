import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { StepView, UpdateView } from '../api/schemas.ts';
import { stepName } from '../texts/describe.ts';
import { say } from '../texts/messages.ts';
import { elapsedOf } from './step-list.ts';
import { shortDuration } from './style.ts';

/** Something that a person or a program that follows an order is told. */
export interface StepChange {
  readonly step: string;
  readonly state: StepView['state'];
  /** When the step came into this state, ISO; absent where only now can be said. */
  readonly at?: string;
  readonly note?: string;
  /** How long the step took, once it has ended. */
  readonly durationMs?: number;
}

/** What is new in `view` compared to `before` (nothing yet: all that is past waiting). Pure. */
export function changesBetween(before: UpdateView | undefined, view: UpdateView): readonly StepChange[] {
  return view.steps.flatMap((step, index) => {
    const known = before?.steps[index];
    const moved = step.state !== (known?.state ?? 'waiting');
    const noted = step.note !== undefined && step.note !== known?.note;
    return moved || noted ? [changeOf(step, moved)] : [];
  });
}

function changeOf(step: StepView, moved: boolean): StepChange {
  const ended = step.state === 'done' || step.state === 'failed';
  const durationMs = ended ? elapsedOf(step, 0) : undefined;
  const at = !moved ? undefined : ended ? step.endedAt : step.state === 'running' ? step.startedAt : undefined;
  return {
    step: step.name,
    state: step.state,
    ...(at === undefined ? {} : { at }),
    ...(step.note === undefined ? {} : { note: step.note }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

/** `Download: done (1.2 s)`; `Download: 34 % of 1.2 GB`. Pure. */
export function changeText({ step, state, note, durationMs }: StepChange, language: Language): string {
  const took = durationMs === undefined ? '' : ` (${shortDuration(durationMs)})`;
  const told = note === undefined ? '' : ` · ${note}`;
  return `${stepName(step, language)}: ${say(language, `step.${state}`)}${took}${told}`;
}

/** Progress notes of one step are told at most this often when every line stays. */
const NOTE_EVERY_MS = 10_000;

/** Lets changes of state through, and progress of a running step only now and then. */
export function createNoteFilter(monotonic: () => number): (change: StepChange) => boolean {
  const told = new Map<string, { readonly state: StepView['state']; readonly at: number }>();
  return ({ step, state }) => {
    const last = told.get(step);
    const now = monotonic();
    if (last?.state === state && now - last.at < NOTE_EVERY_MS) return false;
    told.set(step, { state, at: now });
    return true;
  };
}
