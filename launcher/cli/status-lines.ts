import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import type { StatusView } from '../api/schemas.ts';
import { rungName, stepName, updateStateName } from '../texts/describe.ts';
import { fill } from '../texts/fill.ts';
import { formatDuration, formatTime } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import { SERVER_STATES } from '../texts/state-messages.ts';
import { crashLine } from './crash-line.ts';
import { probeLine } from './probe-line.ts';
import { alignRows, shortDuration, type Style } from './style.ts';
import type { UnattendedStatus } from './unattended.ts';

const RUNNING: readonly string[] = ['up', 'degraded', 'draining'] satisfies readonly ServerState['kind'][];

/** Do users have a server in this state? */
export function serverRuns(state: string): boolean {
  return RUNNING.includes(state);
}

/** The state as a sentence without its full stop; a state of a newer launcher keeps its name. */
export function serverSentence({ state, version, nextActionAt }: StatusView, language: Language): string {
  const time = nextActionAt === undefined ? undefined : formatTime(Date.parse(nextActionAt), language);
  return isState(state) ? fill(SERVER_STATES[state][language], { version, time }, language) : state;
}

function isState(state: string): state is ServerState['kind'] {
  return Object.hasOwn(SERVER_STATES, state);
}

/** `status` for people: one thing a line, labels aligned. Pure. */
export function statusLines(
  status: StatusView,
  { language, style, nowMs }: { readonly language: Language; readonly style: Style; readonly nowMs: number },
): readonly string[] {
  const { since, users, processId, port, rollbackTo, warnings, lastCrash, probes = [] } = status;
  const label = (key: LabelKey): string => style.bold(say(language, key));
  const sign = serverRuns(status.state) ? style.good('●') : style.bad('●');
  const began =
    since === undefined ? '' : ` · ${say(language, 'cli.since', { time: formatTime(Date.parse(since), language) })}`;
  const row = (key: LabelKey, value: string | number | undefined): string[][] =>
    value === undefined ? [] : [[label(key), String(value)]];
  return alignRows([
    [label('label.server'), `${sign} ${status.name} · ${serverSentence(status, language)}${began}`],
    ...row('label.version', status.version),
    ...row('label.users', users),
    ...row('label.process', processId),
    ...row('label.port', port),
    [
      label('label.launcher'),
      `${status.launcherVersion} · ${say(language, 'label.process')} ${status.launcherProcessId}`,
    ],
    ...row('cli.update', updateText(status, language)),
    ...row('label.progress', status.progress),
    ...row('label.next', nextText(status, language, nowMs)),
    ...row('label.cause', status.error?.message),
    ...row('label.remedy', status.error?.remedy),
    ...row('label.restarts', restartsText(status, language)),
    ...probes.map((probe, index) => [index === 0 ? label('label.probes') : '', probeLine(probe, language, style)]),
    ...row('label.crash', lastCrash && crashLine(lastCrash, language)),
    ...row('label.stop', stopText(status, language)),
    [label('label.rollback'), rollbackTo ?? say(language, 'label.nothing')],
    ...warnings.map((warning) => [style.warning(say(language, 'label.warning')), warning]),
  ]);
}

type LabelKey = Extract<Parameters<typeof say>[1], `label.${string}` | 'cli.update'>;

function updateText({ update }: StatusView, language: Language): string | undefined {
  if (update === undefined) return undefined;
  const what = say(language, update.kind === 'update' ? 'cli.update' : 'cli.rollback');
  const versions = [update.from, update.to].filter((version) => version !== undefined).join(' → ');
  const at = formatTime(Date.parse(update.endedAt ?? update.orderedAt), language);
  return [`${what} ${versions}`.trim(), updateStateName(update.state, language), at, update.id].join(' · ');
}

function nextText(
  { nextAction, nextActionAt, restarts }: StatusView,
  language: Language,
  nowMs: number,
): string | undefined {
  if (nextAction === undefined) return undefined;
  const act = actName(nextAction, language);
  if (nextActionAt === undefined) return act;
  const time = timeAhead(Date.parse(nextActionAt), language, nowMs);
  return restarts?.untilGone ? say(language, 'cli.when-gone', { act, time }) : `${act} · ${time}`;
}

/** What comes within the hour is looked at by its distance. */
const NEAR_MS = 3_600_000;

function timeAhead(at: number, language: Language, nowMs: number): string {
  const time = formatTime(at, language);
  const aheadMs = at - nowMs;
  if (aheadMs <= 0 || aheadMs > NEAR_MS) return time;
  return `${time} (${say(language, 'cli.in', { time: shortDuration(aheadMs) })})`;
}

function restartsText({ restarts }: StatusView, language: Language): string | undefined {
  if (restarts === undefined) return undefined;
  const { crashes, windowSeconds, attempt, alarmSince } = restarts;
  return say(language, 'cli.restarts', {
    crashes,
    window: formatDuration(windowSeconds * 1_000, language),
    attempt: attempt === 0 ? undefined : attempt,
    since: alarmSince === undefined ? undefined : formatTime(Date.parse(alarmSince), language),
  });
}

function actName(nextAction: string, language: Language): string {
  if (nextAction === 'check') return say(language, 'label.check');
  if (nextAction === 'ready-limit') return say(language, 'cli.ready-limit');
  return nextAction.startsWith(STOP_ACT)
    ? rungName(nextAction.slice(STOP_ACT.length), language)
    : stepName(nextAction, language);
}

const STOP_ACT = 'stop: ';

/** The whole ladder with its budgets: how long a stop may take, and what happens until then. */
function stopText({ stopLadder }: StatusView, language: Language): string | undefined {
  if (stopLadder === undefined) return undefined;
  const seconds = stopLadder.reduce((sum, rung) => sum + rung.seconds, 0);
  const rungs = stopLadder.map((rung) => `${rungName(rung.rung, language)} ${rung.seconds} s`);
  return `≤ ${formatDuration(seconds * 1000, language)} · ${rungs.join(', ')}`;
}

/** The same when no launcher runs. Pure. */
export function unattendedLines(status: UnattendedStatus, language: Language, style: Style): readonly string[] {
  const { name, processId, version, rollbackTo, warnings, error, lastCrash } = status;
  const label = (key: LabelKey): string => style.bold(say(language, key));
  const server =
    processId === undefined
      ? say(language, 'verdict.server-down')
      : say(language, 'cli.unattended', { process: processId });
  return alignRows([
    [label('label.server'), `${style.bad('●')} ${name} · ${server}`],
    ...(version === undefined ? [] : [[label('label.version'), version]]),
    [label('label.launcher'), say(language, 'cli.launcher-absent')],
    ...(lastCrash === undefined ? [] : [[label('label.crash'), crashLine(lastCrash, language)]]),
    ...(error === undefined ? [] : [['', error.remedy]]),
    [label('label.rollback'), rollbackTo ?? say(language, 'label.nothing')],
    ...warnings.map((warning) => [style.warning(say(language, 'label.warning')), warning]),
  ]);
}
