import type { Clock } from '../../platform/clock.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { digestOf, findBySecret, newSecret } from './secrets.ts';

/** For whom the server issued a ticket. */
export interface TicketHolder {
  readonly user: string;
  readonly email?: string;
  readonly language?: Language;
}

export type Redemption =
  | { readonly kind: 'accepted'; readonly holder: TicketHolder }
  | { readonly kind: 'used'; readonly user: string }
  | { readonly kind: 'expired'; readonly user: string }
  | { readonly kind: 'unknown' };

/** One-time tickets, kept in memory and only as digests. */
export interface Tickets {
  issue(holder: TicketHolder): string;
  /** Uses the ticket up; a second time it is `used`. */
  redeem(ticket: string): Redemption;
}

interface StoredTicket {
  readonly digest: string;
  readonly holder: TicketHolder;
  /** Monotonic milliseconds. */
  readonly expiresAt: number;
  readonly used: boolean;
}

/** More than any server issues within a minute; beyond it the oldest go. */
const TICKETS_KEPT = 200;

export function createTickets(clock: Clock, lifetimeMs: number): Tickets {
  let stored: readonly StoredTicket[] = [];

  return {
    issue(holder) {
      const ticket = newSecret('omk');
      const entry = { digest: digestOf(ticket), holder, expiresAt: clock.monotonic() + lifetimeMs, used: false };
      stored = [...stored, entry].slice(-TICKETS_KEPT);
      return ticket;
    },
    redeem(ticket) {
      const found = findBySecret(stored, ticket);
      if (found === undefined) return { kind: 'unknown' };
      if (found.used) return { kind: 'used', user: found.holder.user };
      if (clock.monotonic() >= found.expiresAt) return { kind: 'expired', user: found.holder.user };
      stored = stored.map((entry) => (entry === found ? { ...entry, used: true } : entry));
      return { kind: 'accepted', holder: found.holder };
    },
  };
}
