import type { Result } from '../../platform/result.ts';

/** A mail as a room of the launcher wants it sent: one person, plain text. */
export interface Mail {
  /** Update id and outcome, e.g. `u-20260105-1 updated`: the same id to the same address is the same mail, for ever. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A mail as it goes over the wire. */
export interface AddressedMail extends Mail {
  /** The same for every try of this mail, so that a receiver can drop a second copy. */
  readonly messageId: string;
  /** When it was put into the outbox, wall-clock milliseconds. */
  readonly date: number;
}

/** Why a mail could not be handed over: `permanent` when no later try can help. */
export type SendOutcome = { readonly kind: 'accepted' } | { readonly kind: 'refused-for-good'; readonly why: string };

/** Hands one mail to a mail server; every wait inside is limited. A fault means: try again later. */
export interface MailTransport {
  send(mail: AddressedMail, signal?: AbortSignal): Promise<Result<SendOutcome>>;
}
