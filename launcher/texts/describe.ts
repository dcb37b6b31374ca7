import type { StepName } from '../../installer/update/pipeline.ts';
import type { NoticeKind, StepNote } from '../../installer/update/tools.ts';
import type { ServerState, StopRung } from '../../supervisor/server-state.ts';
import { type Language, LANGUAGES } from '../../supervisor/sessions/sessions.ts';
import type { UpdateView } from '../api/schemas.ts';
import type { StopShortfall } from '../service/stop-limit.ts';
import type { Obstacle } from '../views/check-view.ts';
import { explainFault } from './explain.ts';
import { fill } from './fill.ts';
import { formatBytes, formatDuration, formatShare, formatTime } from './format.ts';
import { say } from './messages.ts';
import { RUNG_NAMES, SERVER_STATES, STEP_NAMES, UPDATE_STATES } from './state-messages.ts';

/** A step's name for a step list; a step of a newer launcher keeps its own. */
export function stepName(step: string, language: Language): string {
  return isStep(step) ? STEP_NAMES[step][language] : step;
}

function isStep(step: string): step is StepName {
  return Object.hasOwn(STEP_NAMES, step);
}

/** How the server is now, as one sentence without its full stop; for `explainFault` and `status`. */
export function serverNow(state: ServerState, language: Language): string {
  const time = state.kind === 'waiting' ? formatTime(state.startAt, language) : undefined;
  const version = state.kind === 'up' ? state.version : undefined;
  return fill(SERVER_STATES[state.kind][language], { time, version }, language);
}

export function updateStateName(state: UpdateView['state'], language: Language): string {
  return UPDATE_STATES[state][language];
}

/** The count-down to users, in every language at once: clients choose theirs. */
export function noticeTexts(kind: NoticeKind, secondsLeft = 0): Readonly<Record<Language, string>> {
  const [en, fr, de, it] = LANGUAGES.map((language) => noticeText(kind, secondsLeft, language));
  return { en: en ?? '', fr: fr ?? '', de: de ?? '', it: it ?? '' };
}

function noticeText(kind: NoticeKind, secondsLeft: number, language: Language): string {
  const time = formatDuration(secondsLeft * 1000, language);
  switch (kind) {
    case 'update-soon':
      return say(language, 'notice.update-soon', { time });
    case 'update-reminder':
      return say(language, 'notice.update-reminder', { time });
    case 'update-cancelled':
      return say(language, 'notice.update-cancelled');
    case 'update-now':
      return say(language, 'notice.update-now');
  }
}

/** What stands beside a running step. */
export function noteText(note: StepNote, language: Language): string {
  switch (note.kind) {
    case 'transfer':
      return transferText(note, language);
    case 'users': {
      const left = formatDuration(note.secondsLeft * 1000, language);
      return note.users === undefined
        ? say(language, 'note.users-unknown', { left })
        : say(language, 'note.users', { users: note.users, left });
    }
    case 'watch':
      return say(language, 'note.watch', {
        passes: note.passes,
        left: formatDuration(note.secondsLeft * 1000, language),
      });
    case 'full-instead':
      return say(language, 'note.full-instead', { message: explainFault(note.fault, language, '').message });
    case 'trying-again': {
      const { message } = explainFault(note.fault, language, '');
      return say(language, 'note.trying-again', { message, time: formatTime(note.at, language) });
    }
    case 'scheduled':
      return say(language, 'note.scheduled', { time: formatTime(note.at, language) });
    case 'awaiting-word':
      return say(language, 'note.awaiting-word');
  }
}

/** What the operating system would cut off of a stop. */
export function shortfallText({ limitMs, neededMs, rungs }: StopShortfall, language: Language): string {
  return say(language, 'warning.stop-limit', {
    limit: formatDuration(limitMs, language),
    needed: formatDuration(neededMs, language),
    rungs: rungs.map((rung) => rungName(rung, language)).join(', '),
  });
}

/** A rung of the stop ladder; one of a newer launcher keeps its own name. */
export function rungName(rung: string, language: Language): string {
  return isRung(rung) ? RUNG_NAMES[rung][language] : rung;
}

function isRung(rung: string): rung is StopRung {
  return Object.hasOwn(RUNG_NAMES, rung);
}

/** Why a release is not installed by itself yet. */
export function obstacleText(obstacle: Obstacle, language: Language): string {
  const time = 'until' in obstacle ? formatTime(obstacle.until, language) : '';
  switch (obstacle.kind) {
    case 'withdrawn':
      return say(language, 'hold.withdrawn', { reason: obstacle.reason });
    case 'pin':
      return say(language, 'hold.pin', { version: obstacle.version });
    case 'bad':
      return say(language, 'hold.bad', { code: obstacle.code });
    case 'out-of-reach':
      return say(language, 'hold.out-of-reach', { version: obstacle.version });
    case 'launcher-too-old':
      return say(language, 'hold.launcher-too-old', { version: obstacle.version });
    case 'launcher-too-new':
      return say(language, 'hold.launcher-too-new', { version: obstacle.version });
    case 'rollout-start':
      return say(language, 'hold.rollout-start', { time });
    case 'rollout':
      return say(language, 'hold.rollout', { percentage: obstacle.percentage });
    case 'delay':
      return say(language, 'hold.delay', { time });
    case 'mark':
      return say(language, 'hold.mark', { code: obstacle.code, time });
    case 'window':
      return say(language, 'hold.window', { time });
    case 'no-window':
      return say(language, 'hold.no-window');
    case 'word':
      return say(language, 'hold.word');
  }
}

function transferText(note: Extract<StepNote, { kind: 'transfer' }>, language: Language): string {
  const { doneBytes, totalBytes, rate } = note;
  const left = rate > 0 ? formatDuration(Math.ceil((totalBytes - doneBytes) / rate) * 1000, language) : undefined;
  return say(language, 'note.transfer', {
    share: formatShare(totalBytes === 0 ? 1 : doneBytes / totalBytes, language),
    total: formatBytes(totalBytes, language),
    rate: formatBytes(rate, language),
    left,
  });
}
