import type { Fault } from '../../platform/fault.ts';
import type { Outcome } from '../../installer/update/order.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { explainFault } from '../texts/explain.ts';
import { formatDuration, formatTime } from '../texts/format.ts';
import { type MessageKey, say } from '../texts/messages.ts';
import type { Mail } from './mail.ts';

/** What a mail about an outcome tells. Times are wall-clock milliseconds. */
export interface OutcomeReport {
  readonly orderId: string;
  readonly outcome: Outcome | 'recovered';
  /** Name of the server. */
  readonly name: string;
  readonly host: string;
  readonly orderedBy: string;
  readonly orderedAt: number;
  readonly endedAt: number;
  readonly from?: string;
  readonly to?: string;
  readonly downtimeMs?: number;
  readonly fault?: Fault;
  /** A sentence; see `serverNow` of the texts. */
  readonly serverNow: string;
}

/** The mail for one person, in one language; its id makes it one mail for this order, outcome and address. */
export function outcomeMail(report: OutcomeReport, to: string, language: Language): Mail {
  const { outcome, name, from, to: version } = report;
  const values = { name, from, to: version };
  return {
    id: `${report.orderId} ${outcome}`,
    to,
    subject: say(language, SUBJECTS[outcome], values),
    text: [
      say(language, 'mail.greeting'),
      say(language, BODIES[outcome], values),
      reasonOf(report, language),
      factsOf(report, language),
      say(language, 'mail.signature', { host: report.host, id: report.orderId }),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  };
}

const SUBJECTS = {
  updated: 'mail.updated.subject',
  'rolled-back': 'mail.rolled-back.subject',
  'fell-back': 'mail.fell-back.subject',
  refused: 'mail.refused.subject',
  cancelled: 'mail.cancelled.subject',
  held: 'mail.held.subject',
  recovered: 'mail.recovered.subject',
} as const satisfies Readonly<Record<OutcomeReport['outcome'], MessageKey>>;

const BODIES = {
  updated: 'mail.updated.body',
  'rolled-back': 'mail.rolled-back.body',
  'fell-back': 'mail.fell-back.body',
  refused: 'mail.refused.body',
  cancelled: 'mail.cancelled.body',
  held: 'mail.held.body',
  recovered: 'mail.recovered.body',
} as const satisfies Readonly<Record<OutcomeReport['outcome'], MessageKey>>;

/** Good news needs no reason, even if a first try had failed. */
function reasonOf({ outcome, fault, serverNow }: OutcomeReport, language: Language): string {
  const good = outcome === 'updated' || outcome === 'rolled-back' || outcome === 'recovered';
  if (fault === undefined || good) return '';
  const { message, remedy } = explainFault(fault, language, serverNow);
  return `${say(language, 'mail.reason', { message })}\n${say(language, 'mail.remedy', { remedy })}`;
}

function factsOf(report: OutcomeReport, language: Language): string {
  const ordered = say(language, 'mail.ordered', {
    by: report.orderedBy,
    time: formatTime(report.orderedAt, language),
    end: formatTime(report.endedAt, language),
  });
  if (report.downtimeMs === undefined) return ordered;
  return `${ordered}\n${say(language, 'mail.downtime', { time: formatDuration(report.downtimeMs, language) })}`;
}
