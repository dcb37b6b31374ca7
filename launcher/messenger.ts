import type { Machine } from '../platform/machine.ts';
import { type Result, succeed } from '../platform/result.ts';
import { decisiveFault, factsOf, type JournalEntry, orderOf } from '../installer/update/journal-entry.ts';
import { outcomeOf } from '../installer/update/next-move.ts';
import type { Outcome } from '../installer/update/order.ts';
import type { Messenger } from '../installer/update/tools.ts';
import type { ServerControl } from '../supervisor/server-control.ts';
import type { Language } from '../supervisor/sessions/sessions.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { Outbox } from './mail/outbox.ts';
import { outcomeMail, type OutcomeReport } from './mail/outcome-mail.ts';
import { noticeTexts, serverNow } from './texts/describe.ts';
import { downtimeOf } from './views/update-view.ts';

export interface MessengerParts {
  readonly outbox: Outbox;
  readonly server: ServerControl;
  readonly machine: Machine;
  readonly configuration: Configuration;
  now(): number;
}

/** Says things to people for the update: notices to users, mails to whoever ordered. */
export function createMessenger(parts: MessengerParts): Messenger {
  return {
    noticeText: noticeTexts,
    async announceOutcome(journal) {
      const recipients = recipientsOf(parts.configuration, journal);
      for (const { address, language } of recipients) {
        const queued = await parts.outbox.enqueue(outcomeMail(reportOf(parts, journal, language), address, language));
        if (!queued.ok) {
          return queued;
        }
      }
      return succeed(recipients.length) satisfies Result<number>;
    },
  };
}

interface Recipient {
  readonly address: string;
  readonly language: Language;
}

/** Outcomes that concern whoever runs the machine, besides the person who ordered. */
const CALLS_A_PERSON: ReadonlySet<Outcome> = new Set(['held']);

/** The orderer in his language; the configured addresses when nobody is named, and whenever a person is needed. */
function recipientsOf({ mail, language }: Configuration, journal: readonly JournalEntry[]): readonly Recipient[] {
  const order = orderOf(journal);
  const orderer = order.notifyEmail === undefined ? [] : [{ address: order.notifyEmail, language: order.language }];
  const configured = (mail?.to ?? []).map((address) => ({ address, language }));
  const others = orderer.length === 0 || CALLS_A_PERSON.has(outcomeOf(journal)) ? configured : [];
  return [...orderer, ...others.filter(({ address }) => address !== order.notifyEmail)];
}

function reportOf(parts: MessengerParts, journal: readonly JournalEntry[], language: Language): OutcomeReport {
  const order = orderOf(journal);
  const facts = factsOf(journal, 'preflight');
  const fault = decisiveFault(journal);
  const downtime = downtimeOf(journal);
  const to = facts?.to ?? order.version;
  return {
    orderId: order.id,
    outcome: outcomeOf(journal),
    name: parts.configuration.name,
    host: parts.machine.hostName,
    orderedBy: order.orderedBy,
    orderedAt: journal[0]?.at ?? parts.now(),
    endedAt: parts.now(),
    serverNow: serverNow(parts.server.state(), language),
    ...(facts?.from === undefined ? {} : { from: facts.from }),
    ...(to === undefined ? {} : { to }),
    ...(downtime === undefined ? {} : { downtimeMs: downtime }),
    ...(fault === undefined ? {} : { fault }),
  };
}
