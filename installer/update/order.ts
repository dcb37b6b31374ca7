import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { WindowRule } from '../schedule/windows.ts';
import type { OrderKind } from './pipeline.ts';

/** What was ordered, by whom; the first line of a journal. */
export interface Order {
  readonly id: string;
  readonly kind: OrderKind;
  /** As shown in history: an account, an OM user, a token's name. */
  readonly orderedBy: string;
  /** The wanted version; undefined = the newest suitable (update), the last kept (rollback). */
  readonly version?: string;
  /** A dropped or named release file instead of the repository. */
  readonly fromFile?: string;
  /** A person has seen the age of the release file and accepts it. */
  readonly acceptAged?: boolean;
  /** Users' disconnection delay. */
  readonly delaySeconds: number;
  /** Not before this wall-clock time (milliseconds): users are warned only then. */
  readonly notBefore?: number;
  readonly notifyEmail?: string;
  readonly language: Language;
  /** Rollback across a data format: restore the data that was backed up before the update. */
  readonly restoreData?: boolean;
  /** Nobody ordered: everything is prepared, then this is waited for before users are warned. */
  readonly unattended?: SwapCondition;
}

/** What lets a prepared update go on to the users. */
export type SwapCondition = {
  /** When it may be fetched; absent = at any time. */
  readonly downloads?: WindowRule;
} & ({ readonly kind: 'on-word' } | { readonly kind: 'in-window'; readonly rule: WindowRule });

/** The name under which history knows orders that nobody gave. */
export const SCHEDULE_NAME = 'schedule';

/** How an order ended. */
export const OUTCOMES = ['updated', 'rolled-back', 'fell-back', 'refused', 'cancelled', 'held'] as const;
export type Outcome = (typeof OUTCOMES)[number];
