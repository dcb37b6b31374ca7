import type { Result } from '../../../platform/result.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { StatusView } from '../../api/schemas.ts';
import { updateStateName } from '../../texts/describe.ts';
import { say } from '../../texts/messages.ts';
import { stopSignal, type VerbContext, withLauncher } from '../context.ts';
import { createDrawing, type Drawing } from '../drawing.ts';
import { EXIT } from '../exit-status.ts';
import { isSettled } from '../follow.ts';
import type { RequestOf } from '../request.ts';
import { lineByLine } from '../show-order.ts';
import { serverRuns, serverSentence, statusLines, unattendedLines } from '../status-lines.ts';
import { orderLine, stepList } from '../step-list.ts';
import { cut } from '../style.ts';
import { type UnattendedStatus, unattendedStatus } from '../unattended.ts';

type Seen =
  | { readonly kind: 'attended'; readonly status: StatusView }
  | { readonly kind: 'unattended'; readonly status: UnattendedStatus };

/** How often `--watch` looks. */
const LOOK_EVERY_MS = 1_000;

export async function showStatus(context: VerbContext, request: RequestOf<'status'>): Promise<number> {
  if (request.watch) return watchStatus(context);
  const { voice } = context;
  const seen = await look(context);
  if (!seen.ok) return voice.fault(seen.fault);
  voice.lines(linesOf(context, seen.value));
  voice.object(seen.value.status);
  voice.verdict(verdictOf(context, seen.value));
  return statusOf(seen.value);
}

async function look(context: VerbContext): Promise<Result<Seen>> {
  const status = await withLauncher(context, (client) => client.status());
  if (status.ok) return succeed({ kind: 'attended', status: status.value });
  if (status.fault.code !== 'launcher-absent') return fail(status.fault);
  const unattended = await unattendedStatus(context, status.fault);
  return unattended.ok ? succeed({ kind: 'unattended', status: unattended.value }) : unattended;
}

function linesOf({ voice, platform }: VerbContext, seen: Seen, columns = Infinity): readonly string[] {
  const { language, style } = voice;
  if (seen.kind === 'unattended') return unattendedLines(seen.status, language, style);
  const { update } = seen.status;
  const nowMs = platform.clock.now();
  const steps =
    update === undefined || isSettled(update) ? [] : ['', ...stepList(update, { language, style, columns, nowMs })];
  return [...statusLines(seen.status, { language, style, nowMs }), ...steps];
}

function verdictOf({ voice: { language } }: VerbContext, seen: Seen): string {
  if (seen.kind === 'unattended') return say(language, 'cli.launcher-absent');
  return `${serverSentence(seen.status, language)}.`;
}

function statusOf(seen: Seen): number {
  return seen.kind === 'attended' && serverRuns(seen.status.state) ? EXIT.done : EXIT.serverNotRunning;
}

/** Until Ctrl-C: redrawn in place on a terminal, else told again when something has changed. */
async function watchStatus(context: VerbContext): Promise<number> {
  const { platform, own, voice } = context;
  const { signal, forget } = stopSignal(own);
  const drawing = voice.screen === undefined ? undefined : createDrawing(voice.screen);
  const show = drawing === undefined ? tellChanges(context) : redraw(context, drawing);
  let status: number = EXIT.serverNotRunning;
  drawing?.begin();
  try {
    do {
      const seen = await look(context);
      if (!seen.ok) return voice.fault(seen.fault);
      status = statusOf(seen.value);
      show(seen.value);
    } while ((await platform.clock.sleep(LOOK_EVERY_MS, signal)) === 'elapsed');
  } finally {
    drawing?.end();
    forget();
  }
  return status;
}

function redraw(context: VerbContext, drawing: Drawing): (seen: Seen) => void {
  return (seen) => {
    const columns = drawing.columns();
    drawing.draw(linesOf(context, seen, columns).map((line) => fit(line, columns)));
  };
}

/** The server's state and the running order's steps, each when it changes; with `--json` the whole status. */
function tellChanges(context: VerbContext): (seen: Seen) => void {
  const { platform, voice } = context;
  const steps = lineByLine({ clock: platform.clock, voice });
  let told = '';
  let order: string | undefined;
  return (seen) => {
    const text = voice.json ? JSON.stringify(seen.status) : verdictOf(context, seen);
    if (text !== told) {
      voice.object(seen.status);
      voice.event(text);
    }
    told = text;
    const { update } = seen.status;
    // An order that had ended before the watching began is no news; the end of one that was watched is.
    if (voice.json || update === undefined || (isSettled(update) && update.id !== order)) return;
    steps(update);
    if (isSettled(update))
      voice.event(`${orderLine(update, voice.language)}: ${updateStateName(update.state, voice.language)}`);
    order = isSettled(update) ? undefined : update.id;
  };
}

/** A line that wraps would break the redrawing; colours are given up before the picture is. */
function fit(line: string, columns: number): string {
  const bare = line.replace(/\u001b\[[0-9;]*m/g, '');
  return Array.from(bare).length <= columns ? line : cut(bare, columns);
}
