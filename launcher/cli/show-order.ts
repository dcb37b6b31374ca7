import type { Clock } from '../../platform/clock.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ApiClient } from '../api/client.ts';
import type { UpdateView } from '../api/schemas.ts';
import { formatDuration } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import { EXIT } from './exit-status.ts';
import { followOrder, isAway, isSettled, PATIENCE_MS } from './follow.ts';
import { type Drawing, createDrawing } from './drawing.ts';
import { changesBetween, changeText, createNoteFilter } from './step-changes.ts';
import { orderLine, stepList } from './step-list.ts';
import { serverRuns } from './status-lines.ts';
import { verdictOf } from './verdict.ts';
import type { Voice } from './voice.ts';

export interface ShowParts {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly voice: Voice;
  /** Ctrl-C and the like: the following ends, the order goes on. */
  readonly signal: AbortSignal;
}

/** Follows an order to its end and tells the verdict; gives the exit status. */
export async function showOrder(parts: ShowParts, id: string): Promise<number> {
  const seen = await watchOrder(parts, id);
  if (!seen.ok) return tellLost(parts.voice, seen.fault);
  if (seen.value === undefined || !isSettled(seen.value)) {
    parts.voice.remark(say(parts.voice.language, 'cli.goes-on'));
    if (seen.value !== undefined) parts.voice.object(seen.value);
    return EXIT.tryLater;
  }
  return concludeOrder(parts, seen.value);
}

/** The last line of a settled order. */
export async function concludeOrder({ client, voice }: ShowParts, view: UpdateView): Promise<number> {
  const status = view.state === 'held' ? await client.status() : undefined;
  const runs = status?.ok === true && serverRuns(status.value.state);
  const verdict = verdictOf(view, runs, voice.language);
  if (view.error !== undefined) voice.error(view.error);
  voice.object(view);
  voice.verdict(verdict.status === EXIT.done ? voice.style.good(verdict.text) : voice.style.bad(verdict.text));
  return verdict.status;
}

/** Shows an order until it is settled or the signal aborts; gives the last that was seen of it. */
export async function watchOrder(parts: ShowParts, id: string): Promise<Result<UpdateView | undefined>> {
  const { voice } = parts;
  const drawing = voice.screen === undefined ? undefined : createDrawing(voice.screen);
  const show = drawing === undefined ? lineByLine(parts) : inPlace(parts, drawing);
  let last: UpdateView | undefined;
  drawing?.begin();
  try {
    for await (const sight of followOrder(parts, id)) {
      if (!sight.ok) return sight;
      if (sight.value.kind === 'view') last = sight.value.view;
      show(sight.value.kind === 'view' ? sight.value.view : undefined);
    }
  } finally {
    drawing?.end();
  }
  return succeed(last);
}

type Show = (view: UpdateView | undefined) => void;

/** On a terminal: one list, redrawn in place. */
function inPlace({ clock, voice }: ShowParts, drawing: Drawing): Show {
  let last: UpdateView | undefined;
  return (view) => {
    last = view ?? last;
    if (last === undefined) return;
    const { language, style } = voice;
    const lines = stepList(last, { language, style, columns: drawing.columns(), nowMs: clock.now() });
    drawing.draw(view === undefined ? [...lines, style.warning(say(language, 'cli.away'))] : lines);
  };
}

/** Piped or `--json`: a line a change. */
export function lineByLine({ clock, voice }: Pick<ShowParts, 'clock' | 'voice'>): Show {
  const { language } = voice;
  const isWorthALine = createNoteFilter(() => clock.monotonic());
  let before: UpdateView | undefined;
  let away = false;
  return (view) => {
    if (view === undefined) {
      if (!away) voice.event(say(language, 'cli.away'));
      away = true;
      return;
    }
    away = false;
    if (before !== undefined && before.id !== view.id) before = undefined;
    if (before === undefined) voice.event(orderLine(view, language));
    for (const change of changesBetween(before, view).filter(isWorthALine)) {
      voice.event(changeText(change, language), change.at);
      voice.object({ event: 'step', at: new Date(clock.now()).toISOString(), id: view.id, ...change });
    }
    before = view;
  };
}

/** The end was not seen: neither success nor failure can be told. */
function tellLost(voice: Voice, fault: Fault): number {
  const status = voice.fault(fault);
  if (!isAway(fault)) return status;
  voice.verdict(say(voice.language, 'cli.lost', { time: formatDuration(PATIENCE_MS, voice.language) }));
  return EXIT.tryLater;
}

/** The order that is under way now, by the launcher's own word. */
export async function runningOrder(client: ApiClient): Promise<Result<UpdateView>> {
  const status = await client.status();
  if (!status.ok) return status;
  const { update } = status.value;
  return update === undefined || isSettled(update)
    ? fail(faultOf('nothing-to-do', 'no order is under way'))
    : succeed(update);
}
