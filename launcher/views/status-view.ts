import { stopBudget } from '../../supervisor/stop-budget.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { InstalledRecord } from '../../installer/update/installed.ts';
import type { OrderProgress } from '../../installer/update/running-order.ts';
import type { ProbeFacts } from '../../supervisor/probes/probe-tally.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import { countOf, type Language } from '../../supervisor/sessions/sessions.ts';
import type { StatusView } from '../api/schemas.ts';
import type { ApplicationParts } from '../application/application-parts.ts';
import { withdrawal } from '../application/check-now.ts';
import { stateWarnings } from '../application/state-warnings.ts';
import { probeView } from './probe-view.ts';
import { updateView } from './update-view.ts';

/** Everything that an admin wants to know at one look. */
export async function statusView(
  parts: ApplicationParts,
  installed: Result<InstalledRecord>,
  order: OrderProgress | undefined,
  language: Language,
): Promise<StatusView> {
  const state = parts.tools.server.state();
  const users = countOf(await parts.tools.sessions.presence());
  const known = installed.ok ? installed.value : undefined;
  const version = versionOf(state) ?? known?.live?.version;
  const fault = faultOfState(state);
  const [kept] = known?.kept ?? [];
  return {
    name: parts.name,
    state: shownState(state, parts.restarts().alarmSince),
    since: new Date(state.since).toISOString(),
    launcherVersion: parts.launcherVersion,
    launcherProcessId: parts.machine.processId,
    stopLadder: stopBudget(parts.stopOptions).map(({ rung, limitMs }) => ({
      rung,
      seconds: Math.ceil(limitMs / 1000),
    })),
    warnings: [
      ...parts.warnings(language),
      ...withdrawnWarning(parts, version, language),
      ...stateWarnings(
        [parts.updates.blocked(), installed.ok ? undefined : installed.fault],
        await parts.asides(),
        language,
        parts.words,
      ),
    ],
    ...nextAction(state, order, parts.nextCheckAt()),
    ...restartsView(parts.restarts(), state),
    ...probesView(parts.probes()),
    ...(version === undefined ? {} : { version }),
    ...('process' in state ? { processId: state.process.pid } : {}),
    ...(parts.serverPort === undefined ? {} : { port: parts.serverPort }),
    ...(users === undefined ? {} : { users }),
    ...(kept === undefined ? {} : { rollbackTo: kept.version }),
    ...(order === undefined ? {} : { update: updateView(order, language, parts.words) }),
    ...(state.kind === 'starting' && state.progress !== undefined ? { progress: state.progress } : {}),
    ...(fault === undefined
      ? {}
      : { error: { code: fault.code, ...parts.words.explainCause(fault, language), lang: language } }),
  };
}

/** Nothing while the server is well. */
function restartsView(
  { crashes, windowMs, attempt, alarmSince }: ReturnType<ApplicationParts['restarts']>,
  state: ServerState,
): Pick<StatusView, 'restarts'> {
  if (crashes === 0 && alarmSince === undefined) return {};
  return {
    restarts: {
      crashes,
      windowSeconds: windowMs / 1_000,
      attempt,
      ...(alarmSince === undefined ? {} : { alarmSince: new Date(alarmSince).toISOString() }),
      ...(state.kind === 'waiting' && state.untilGone ? { untilGone: true } : {}),
    },
  };
}

function probesView(probes: readonly ProbeFacts[]): Pick<StatusView, 'probes'> {
  return probes.length === 0 ? {} : { probes: probes.map(probeView) };
}

/** A server that does not stay up is not well while it happens to run. */
function shownState({ kind }: ServerState, alarmSince: number | undefined): ServerState['kind'] {
  return kind === 'up' && alarmSince !== undefined ? 'degraded' : kind;
}

function withdrawnWarning(parts: ApplicationParts, version: string | undefined, language: Language): string[] {
  const { withdrawn } = withdrawal(parts, parts.memory.last(), version, language);
  return withdrawn === undefined ? [] : [withdrawn];
}

function versionOf(state: ServerState): string | undefined {
  return state.kind === 'up' ? state.version : undefined;
}

function faultOfState(state: ServerState): Fault | undefined {
  switch (state.kind) {
    case 'degraded':
      return state.fault;
    case 'crashed':
    case 'waiting':
      return state.cause;
    case 'held':
      return state.reason;
    case 'stopped':
    case 'starting':
    case 'up':
    case 'draining':
    case 'stopping':
      return undefined;
  }
}

/** The next thing that happens by itself, and when. */
function nextAction(
  state: ServerState,
  order: OrderProgress | undefined,
  nextCheckAt: number | undefined,
): Pick<StatusView, 'nextAction' | 'nextActionAt'> {
  if (state.kind === 'waiting') {
    return { nextAction: 'start', nextActionAt: new Date(state.startAt).toISOString() };
  }
  if (state.kind === 'starting') {
    return { nextAction: 'ready-limit', nextActionAt: new Date(state.deadline).toISOString() };
  }
  if (state.kind === 'stopping') {
    return { nextAction: `stop: ${state.rung}`, nextActionAt: new Date(state.rungDeadline).toISOString() };
  }
  const note = order?.note?.note;
  if (note?.kind === 'scheduled' || note?.kind === 'trying-again') {
    return { nextAction: order?.note?.step ?? 'update', nextActionAt: new Date(note.at).toISOString() };
  }
  if (note?.kind === 'awaiting-word') {
    return { nextAction: order?.note?.step ?? 'update' };
  }
  return nextCheckAt === undefined ? {} : { nextAction: 'check', nextActionAt: new Date(nextCheckAt).toISOString() };
}
