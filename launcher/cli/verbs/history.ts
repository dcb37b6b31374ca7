import { readCrashes } from '../../../supervisor/crashes/crash-bundle.ts';
import { succeed } from '../../../platform/result.ts';
import type { HistoryView, UpdateView } from '../../api/schemas.ts';
import { updateStateName } from '../../texts/describe.ts';
import { formatTime } from '../../texts/format.ts';
import { say } from '../../texts/messages.ts';
import { UPDATE_STATES } from '../../texts/state-messages.ts';
import type { VerbContext } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { shortDuration, table } from '../style.ts';
import { crashView } from '../../views/crash-view.ts';
import { crashLine } from '../crash-line.ts';
import { askOrRead } from '../unattended.ts';

/** The newest tells most; the others are in the folder of its bundle. */
const CRASHES_SHOWN = 1;

/** The audit trail, newest first. */
export async function showHistory(context: VerbContext, request: RequestOf<'history'>): Promise<number> {
  const { voice } = context;
  const { language } = voice;
  const history = await askOrRead(
    context,
    (client) => client.history(request.count),
    async (application) => succeed(await application.history(language, request.count)),
  );
  if (!history.ok) return voice.fault(history.fault);
  const entries = history.value;
  const crashes = (
    await readCrashes(context.platform.files, context.loaded.configuration.logs.folder, CRASHES_SHOWN)
  ).map(crashView);
  voice.lines(entries.length === 0 ? [] : historyTable(context, entries));
  voice.lines(crashes.map((crash) => `${say(language, 'label.crash')}: ${crashLine(crash, language)}`));
  voice.object({ history: entries, crashes });
  voice.verdict(
    entries.length === 0 ? say(language, 'cli.history-empty') : say(language, 'cli.listed', { count: entries.length }),
  );
  return EXIT.done;
}

function historyTable({ voice: { language, style } }: VerbContext, entries: readonly HistoryView[]): readonly string[] {
  const head = (['when', 'order', 'from', 'to', 'outcome', 'downtime', 'by'] as const).map((name) =>
    say(language, `label.${name}`),
  );
  const rows = entries.map((entry) => [
    formatTime(Date.parse(entry.orderedAt), language),
    say(language, entry.kind === 'rollback' ? 'cli.rollback' : 'cli.update'),
    entry.from ?? '',
    entry.to ?? '',
    [outcomeName(entry.outcome, language), ...(entry.code === undefined ? [] : [`[${entry.code}]`])].join(' '),
    entry.downtimeMs === undefined ? '' : shortDuration(entry.downtimeMs),
    entry.orderedBy ?? '',
  ]);
  return table(head, rows, style);
}

function outcomeName(outcome: string, language: VerbContext['voice']['language']): string {
  return isState(outcome) ? updateStateName(outcome, language) : outcome;
}

function isState(outcome: string): outcome is UpdateView['state'] {
  return Object.hasOwn(UPDATE_STATES, outcome);
}
