import type { Log } from '../../platform/log.ts';
import type { ServerEvent } from '../../supervisor/server-control.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { explainFault } from '../texts/explain.ts';
import { formatDuration, formatTime } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import type { Mail } from './mail.ts';
import type { MessengerOptions } from './messenger.ts';
import type { Outbox } from './outbox.ts';

export type AlarmEvent = Extract<ServerEvent, { kind: 'alarm-raised' | 'alarm-over' }>;

export function isAlarm(event: ServerEvent): event is AlarmEvent {
  return event.kind === 'alarm-raised' || event.kind === 'alarm-over';
}

/** Puts the mail about an alarm of the server, or about its end, into the outbox for everybody who is to be told. */
export async function mailAlarm(
  { outbox, log }: { readonly outbox: Outbox; readonly log: Log },
  { to, ...options }: MessengerOptions,
  event: AlarmEvent,
  serverNow: string,
): Promise<void> {
  for (const address of to) {
    const queued = await outbox.enqueue(alarmMail(event, options, address, serverNow));
    if (!queued.ok) log.error('a mail could not be queued', { code: queued.fault.code, why: queued.fault.detail });
  }
}

/** The alarm's beginning is in the id: one mail for its beginning and one for its end, whoever asks for it how often. */
function alarmMail(
  event: AlarmEvent,
  { name, host, language }: Omit<MessengerOptions, 'to'>,
  to: string,
  serverNow: string,
): Mail {
  const raised = event.kind === 'alarm-raised';
  return {
    id: `server-alarm ${event.since} ${raised ? 'raised' : 'over'}`,
    to,
    subject: say(language, subjectOf(event), { name }),
    text: [
      say(language, 'mail.greeting'),
      ...(raised ? raisedTexts(event, language, serverNow) : [overText(event.since, language)]),
      say(language, 'mail.alarm.signature', { host }),
    ].join('\n\n'),
  };
}

function subjectOf(event: AlarmEvent) {
  if (event.kind === 'alarm-over') return 'mail.alarm-over.subject';
  return isUnwell(event) ? 'mail.unwell.subject' : 'mail.alarm.subject';
}

/** It runs, does not answer as it should, and may be at work: the launcher leaves it alone. */
function isUnwell({ cause }: Extract<AlarmEvent, { kind: 'alarm-raised' }>): boolean {
  return cause.values?.['leftAlone'] !== undefined;
}

function raisedTexts(
  event: Extract<AlarmEvent, { kind: 'alarm-raised' }>,
  language: Language,
  serverNow: string,
): readonly string[] {
  const { crashes, windowMs, cause } = event;
  const { message, remedy } = explainFault(cause, language, serverNow);
  const window = formatDuration(windowMs, language);
  return [
    isUnwell(event)
      ? say(language, 'mail.unwell.body', { window })
      : say(language, 'mail.alarm.body', { crashes, window }),
    `${say(language, 'mail.reason', { message })}\n${say(language, 'mail.remedy', { remedy })}`,
  ];
}

function overText(since: number, language: Language): string {
  return say(language, 'mail.alarm-over.body', { time: formatTime(since, language) });
}
