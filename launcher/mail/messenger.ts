import { decisiveFault, factsOf, type JournalEntry, orderOf } from '../../installer/update/journal-entry.ts';
import { outcomeOf } from '../../installer/update/next-move.ts';
import type { Messenger } from '../../installer/update/tools.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { noticeTexts, serverNow } from '../texts/describe.ts';
import { downtimeOf } from '../views/update-view.ts';
import { outcomeMail, type OutcomeReport } from './outcome-mail.ts';
import type { Outbox } from './outbox.ts';

export interface MessengerDependencies {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly serverState: () => ServerState;
}

export interface MessengerOptions {
  /** Name of the server and of its machine. */
  readonly name: string;
  readonly host: string;
  /** Who is told beside the orderer, in the launcher's own language. */
  readonly to: readonly string[];
  readonly language: Language;
}

/**
 * Speaks to people for the update: notices at once, mails through the outbox.
 *
 * A mail that cannot be queued is logged and costs the update nothing.
 */
export function createMessenger(dependencies: MessengerDependencies, options: MessengerOptions): Messenger {
  return {
    noticeText: noticeTexts,
    announceOutcome: async (journal): Promise<Result<number>> => {
      const { notifyEmail, language } = orderOf(journal);
      const others = options.to.filter((address) => address.toLowerCase() !== notifyEmail?.toLowerCase());
      const people = [
        ...(notifyEmail === undefined ? [] : [{ address: notifyEmail, language }]),
        ...others.map((address) => ({ address, language: options.language })),
      ];
      let addressed = 0;
      for (const person of people) {
        const report = reportOf(journal, dependencies, options, person.language);
        const queued = await dependencies.outbox.enqueue(outcomeMail(report, person.address, person.language));
        if (queued.ok) addressed += 1;
        else
          dependencies.log.error('a mail could not be queued', { code: queued.fault.code, why: queued.fault.detail });
      }
      return succeed(addressed);
    },
  };
}

function reportOf(
  journal: readonly JournalEntry[],
  { clock, serverState }: MessengerDependencies,
  { name, host }: MessengerOptions,
  language: Language,
): OutcomeReport {
  const order = orderOf(journal);
  const facts = factsOf(journal, 'preflight');
  const version = facts?.to ?? order.version;
  const fault = decisiveFault(journal);
  const downtimeMs = downtimeOf(journal);
  return {
    orderId: order.id,
    outcome: outcomeOf(journal),
    name,
    host,
    orderedBy: order.orderedBy,
    orderedAt: journal[0]?.at ?? clock.now(),
    endedAt: clock.now(),
    serverNow: serverNow(serverState(), language),
    ...(facts?.from === undefined ? {} : { from: facts.from }),
    ...(version === undefined ? {} : { to: version }),
    ...(downtimeMs === undefined ? {} : { downtimeMs }),
    ...(fault === undefined ? {} : { fault }),
  };
}
