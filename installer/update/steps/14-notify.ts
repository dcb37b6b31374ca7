import { succeed } from '../../../platform/result.ts';
import type { Step } from '../step.ts';

/** Puts the outcome's mail into the durable outbox; sending is the outbox's business and never the update's. */
export const notify: Step<'notify'> = {
  async run({ tools, journal }) {
    const mails = await tools.messenger.announceOutcome(journal);
    return mails.ok ? succeed({ mails: mails.value }) : mails;
  },
};
