import { dirname } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { clearProbes } from '../preflight/probe-folder.ts';
import { createJournal } from './journal.ts';
import { type JournalEntry, orderOf } from './journal-entry.ts';
import { blockedBy, findEarlierOrder, mendBundle } from './earlier-order.ts';
import type { Order } from './order.ts';
import { type OpenOrder, readHistory, readOrder } from './order-history.ts';
import { removeExpired } from './retention.ts';
import { beginOrder, type OrderProgress, type RunningOrder } from './running-order.ts';
import { cancelOrder, continueOrder, postponeOrder } from './steering.ts';
import type { Steps } from './step.ts';
import { yieldTo } from './take-over.ts';
import type { UpdateTools } from './tools.ts';

/** All orders of this server: at most one at a time, every one to its end. */
export interface Updates {
  /** What an earlier launcher left: an open order, and whether the server is the order's to start. Once, before the server. */
  inspect(): Promise<OpenOrder>;
  /** Sees to a whole bundle at the live path where no order does. Once, after a running server was found and before a start. */
  mendBundle(): Promise<void>;
  /** Why no order is taken until the next start: what an earlier launcher left cannot be read, or is of a newer one. */
  blocked(): Fault | undefined;
  /** Goes on with the open order that `inspect` found; returns at once. */
  resumeOpen(): void;
  /** Takes an order and begins; the same id twice is the same order. `update-running` names the other in `values.updateId`; one that nobody gave yields. */
  order(order: Order): Promise<Result<OrderProgress>>;
  running(): OrderProgress | undefined;
  find(id: string): Promise<OrderProgress | undefined>;
  /** Newest first. */
  history(limit: number): Promise<readonly (readonly JournalEntry[])[]>;
  /** A person's word on the running order; `too-late` once it cannot be heeded any more. */
  cancel(id: string, by: string): Promise<Result<void>>;
  postpone(id: string, seconds: number): Promise<Result<void>>;
  continueEarly(id: string): Promise<Result<void>>;
  /** Resolves when the running order has settled (or there is none). */
  settled(): Promise<void>;
  /** Removes kept releases whose time is over, unless an order runs. */
  tidy(): Promise<void>;
  subscribe(listener: (progress: OrderProgress) => void): () => void;
  /** Ends waiting and running; the open order goes on at the next start. */
  close(): Promise<void>;
}

export interface UpdatesOptions {
  readonly journalFolder: string;
  readonly steps: Steps;
}

/** See `Updates`. The tools are shared by all orders; the journal folder holds one file an order. */
export function createUpdates(tools: UpdateTools, options: UpdatesOptions): Updates {
  const office = openOffice(tools, options);
  return {
    async inspect() {
      office.open = await findEarlierOrder(tools, options.journalFolder, office.shutdown.signal);
      return office.open;
    },
    mendBundle: async () => mendBundle(tools, office.open),
    blocked: () => blockedBy(office.open),
    resumeOpen() {
      if (office.open.kind === 'open' && office.running === undefined) {
        begin(office, office.open.journal);
        office.open = { kind: 'none' };
      }
    },
    order(order) {
      // Two orders at the same moment must not both find the place free.
      const mine = office.taking.then(() => take(office, order));
      office.taking = mine;
      return mine;
    },
    running: () => office.running?.progress(),
    find: async (id) => find(office, id),
    history: async (limit) => readHistory(tools.files, options.journalFolder, tools.log, limit),
    cancel: async (id, by) => cancelOrder(office.running, id, by, tools.clock.now()),
    postpone: async (id, seconds) => postponeOrder(office.running, id, seconds, tools.clock.now()),
    continueEarly: async (id) => continueOrder(office.running, id, tools.clock.now()),
    async settled() {
      await office.running?.end;
    },
    async tidy() {
      if (office.running === undefined && office.open.kind !== 'open' && office.open.kind !== 'unread') {
        await tidyNow(office);
      }
    },
    subscribe(listener) {
      office.listeners.add(listener);
      return () => office.listeners.delete(listener);
    },
    async close() {
      office.shutdown.abort();
      await office.running?.end;
    },
  };
}

/** What the functions below share: the one place where it changes. */
interface Office {
  readonly tools: UpdateTools;
  readonly options: UpdatesOptions;
  /** When this launcher opened it, by the wall clock. */
  readonly since: number;
  readonly shutdown: AbortController;
  readonly listeners: Set<(progress: OrderProgress) => void>;
  open: OpenOrder;
  running: RunningOrder | undefined;
  taking: Promise<unknown>;
}

function openOffice(tools: UpdateTools, options: UpdatesOptions): Office {
  return {
    tools,
    options,
    since: tools.clock.now(),
    shutdown: new AbortController(),
    listeners: new Set(),
    open: { kind: 'none' },
    running: undefined,
    taking: Promise.resolve(),
  };
}

async function take(office: Office, order: Order): Promise<Result<OrderProgress>> {
  const { tools, options } = office;
  if (office.shutdown.signal.aborted) {
    // It would be a second open journal beside the one that waits for the next start.
    return fail(faultOf('cancelled', 'the launcher is ending'));
  }
  if (office.running !== undefined) {
    const { id } = orderOf(office.running.journal.entries);
    if (id === order.id) return succeed(office.running.progress());
    const yielded = await yieldTo(office.running, order, tools.clock.now());
    if (!yielded.ok) return yielded;
    if (yielded.value === 'taken-over') return succeed(office.running.progress());
  }
  const blocked = blockedBy(office.open);
  if (blocked !== undefined) {
    return fail(blocked);
  }
  const earlier = await find(office, order.id);
  if (earlier !== undefined) {
    return succeed(earlier);
  }
  const journal = await createJournal(tools.files, options.journalFolder, order, tools.clock.now());
  return journal.ok ? succeed(begin(office, journal.value).progress()) : journal;
}

function begin(office: Office, journal: Parameters<typeof beginOrder>[1]): RunningOrder {
  const { tools, options, shutdown, listeners } = office;
  const order = beginOrder(
    {
      tools,
      steps: options.steps,
      shutdown: shutdown.signal,
      publish: (progress) => listeners.forEach((listener) => listener(progress)),
    },
    journal,
  );
  const ended = order.end.then(async (end) => {
    office.running = undefined;
    if (end.kind === 'settled') {
      tools.log.info('the order is settled', { outcome: end.outcome });
      await tidyNow(office);
    }
    return end;
  });
  office.running = { ...order, end: ended };
  return office.running;
}

async function tidyNow({ tools, since }: Office): Promise<void> {
  const { bundle, stagingFolder } = tools.places;
  for (const folder of [dirname(bundle), stagingFolder]) await clearProbes(tools, folder, { bundle, since });
  const removed = await removeExpired({ ...tools, bundle, stagingFolder }, tools.clock.now());
  if (!removed.ok) {
    tools.log.warn('kept releases could not be cleaned up', { code: removed.fault.code, path: removed.fault.path });
  }
}

async function find(office: Office, id: string): Promise<OrderProgress | undefined> {
  if (office.running !== undefined && orderOf(office.running.journal.entries).id === id) {
    return office.running.progress();
  }
  const { tools, options } = office;
  const journal = await readOrder(tools.files, options.journalFolder, tools.log, id);
  return journal === undefined ? undefined : { journal };
}
