import type { Result } from '../../../platform/result.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { StatusView } from '../../api/schemas.ts';
import { say } from '../../texts/messages.ts';
import { stopSignal, type VerbContext, withLauncher } from '../context.ts';
import { createDrawing } from '../drawing.ts';
import { EXIT } from '../exit-status.ts';
import { isSettled } from '../follow.ts';
import type { RequestOf } from '../request.ts';
import { serverRuns, serverSentence, statusLines, unattendedLines } from '../status-lines.ts';
import { stepList } from '../step-list.ts';
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
  const steps =
    update === undefined || isSettled(update)
      ? []
      : ['', ...stepList(update, { language, style, columns, nowMs: platform.clock.now() })];
  return [...statusLines(seen.status, language, style), ...steps];
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
  const { screen } = voice;
  const drawing = screen === undefined ? undefined : createDrawing(screen);
  let told = '';
  let status: number = EXIT.serverNotRunning;
  drawing?.begin();
  try {
    do {
      const seen = await look(context);
      if (!seen.ok) return voice.fault(seen.fault);
      status = statusOf(seen.value);
      if (drawing !== undefined) {
        drawing.draw(linesOf(context, seen.value, drawing.columns()).map((line) => fit(line, drawing.columns())));
        continue;
      }
      const text = voice.json ? JSON.stringify(seen.value.status) : verdictOf(context, seen.value);
      if (text !== told) {
        voice.object(seen.value.status);
        voice.event(text);
      }
      told = text;
    } while ((await platform.clock.sleep(LOOK_EVERY_MS, signal)) === 'elapsed');
  } finally {
    drawing?.end();
    forget();
  }
  return status;
}

/** A line that wraps would break the redrawing; colours are given up before the picture is. */
function fit(line: string, columns: number): string {
  const bare = line.replace(/\u001b\[[0-9;]*m/g, '');
  return Array.from(bare).length <= columns ? line : cut(bare, columns);
}
