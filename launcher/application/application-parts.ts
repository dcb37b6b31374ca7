import type { StopOptions } from '../../supervisor/server-options.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Result } from '../../platform/result.ts';
import type { SchedulePolicy } from '../../installer/schedule/schedule.ts';
import type { Order } from '../../installer/update/order.ts';
import type { UpdateTools } from '../../installer/update/tools.ts';
import type { Updates } from '../../installer/update/updates.ts';
import type { FoundCrash } from '../../supervisor/crashes/crash-bundle.ts';
import type { SupervisedServer } from '../../supervisor/server.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { CheckLine } from '../api/application.ts';
import type { EventFeed } from './event-feed.ts';
import type { InboxOffer } from './inbox.ts';
import type { OfferMemory } from './offer-memory.ts';
import type { AsideRecord } from './state-warnings.ts';
import type { NoticeBoard } from './notice-board.ts';
import type { ViewWords } from '../views/update-view.ts';

/** What the application is made of; wired at the composition root. */
export interface ApplicationParts {
  readonly machine: Machine;
  readonly name: string;
  readonly launcherVersion: string;
  readonly serverPort?: number;
  readonly defaults: { readonly delaySeconds: number; readonly language: Language };
  readonly updates: Updates;
  readonly tools: UpdateTools;
  readonly words: ViewWords;
  readonly feed: EventFeed;
  readonly board: NoticeBoard;
  /** Every precondition of an order, tried; nothing changes. */
  tryOrder(order: Order, signal: AbortSignal): Promise<Result<readonly CheckLine[]>>;
  /** Releases in files that were dropped into the inbox. */
  inboxOffers(): readonly InboxOffer[];
  /** What the repository said last. */
  readonly memory: OfferMemory;
  readonly unattended: Pick<SchedulePolicy, 'mode' | 'rule'>;
  /** When the schedule looks next; undefined when it does not. */
  nextCheckAt(): number | undefined;
  /** Restarts of late. */
  restarts(): ReturnType<SupervisedServer['restarts']>;
  /** What the probes saw of the server's process. */
  probes(): ReturnType<SupervisedServer['probes']>;
  /** The newest crash on disk. */
  lastCrash(): Promise<FoundCrash | undefined>;
  newId(): string;
  warnings(language: Language): readonly string[];
  /** Damaged records that were set aside. */
  asides(): Promise<readonly AsideRecord[]>;
  /** The stop ladder, as configured. */
  readonly stopOptions: StopOptions;
  /** Why no order is taken at all, e.g. mistakes in the configuration of updates. */
  readonly refusal?: Fault;
}
