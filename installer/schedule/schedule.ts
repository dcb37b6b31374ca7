import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { decisiveFault, factsOf, type JournalEntry, orderOf } from '../update/journal-entry.ts';
import { eligibilityFor } from '../update/choose-release.ts';
import { liveRelease } from '../update/live-release.ts';
import { type Order, SCHEDULE_NAME, type SwapCondition } from '../update/order.ts';
import type { OrderProgress } from '../update/running-order.ts';
import { isWaitingUnattended } from '../update/take-over.ts';
import type { UpdateTools } from '../update/tools.ts';
import type { Updates } from '../update/updates.ts';
import { type Decision, decide, type Situation, type UpdateMode } from './decide.ts';
import { nextTurn } from './machine-share.ts';
import { afterTry, pausedUntil } from './marks.ts';
import type { ScheduleRecords } from './record.ts';
import type { WindowRule } from './windows.ts';

/** Updates without anybody's order; nothing here ever stops or delays the server. */
export interface Schedule {
  /** Looks once an interval until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** When it looks next; undefined in manual mode, and while nothing runs. */
  nextCheckAt(): number | undefined;
}

export interface ScheduleParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly tools: UpdateTools;
  readonly updates: Updates;
  readonly records: ScheduleRecords;
  newId(): string;
}

export interface SchedulePolicy {
  readonly mode: UpdateMode;
  readonly rule: WindowRule;
  /** When releases may be fetched; absent = at any time. */
  readonly downloads?: WindowRule;
  readonly checkEveryMs: number;
  /** For the orders that the schedule gives. */
  readonly order: Pick<Order, 'delaySeconds' | 'language'>;
}

/** A check that hangs is ended after this. */
const CHECK_LIMIT_MS = 120_000;
/** The wall clock is looked at this often, so that a jump or a long sleep of the machine is noticed. */
const LONGEST_NAP_MS = 60_000;

export function createSchedule(parts: ScheduleParts, policy: SchedulePolicy): Schedule {
  const plan: { at: number | undefined } = { at: undefined };
  return {
    nextCheckAt: () => plan.at,
    async run(signal) {
      await dropStale(parts, policy);
      if (policy.mode === 'manual') return;
      const forget = parts.updates.subscribe((progress) => void remember(parts, progress));
      while (await waitForTurn(parts, policy, plan, signal)) await look(parts, policy, signal);
      plan.at = undefined;
      forget();
    },
  };
}

/** True when it is this machine's turn, false when `signal` aborted. A clock that is set back by more than a turn plans anew. */
async function waitForTurn(
  { clock, records }: ScheduleParts,
  { checkEveryMs }: SchedulePolicy,
  plan: { at: number | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  const machineId = await records.machineId();
  plan.at = nextTurn(machineId, checkEveryMs, clock.now());
  while (clock.now() < plan.at) {
    if (plan.at - clock.now() > checkEveryMs) plan.at = nextTurn(machineId, checkEveryMs, clock.now());
    if ((await clock.sleep(Math.min(plan.at - clock.now(), LONGEST_NAP_MS), signal)) === 'aborted') return false;
  }
  return !signal.aborted;
}

/** One look: asks the repository, decides, acts. What fails is logged and waits for the next turn. */
async function look(parts: ScheduleParts, policy: SchedulePolicy, signal: AbortSignal): Promise<void> {
  const { tools, updates, log } = parts;
  const order = unattendedOrder(parts, policy);
  const source = await tools.openSource(order);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CHECK_LIMIT_MS)]);
  const offered = source.ok ? await source.value.refresh(limit) : source;
  if (!offered.ok) {
    const { code, detail } = offered.fault;
    log.warn('the repository could not be asked; the next look is at the usual time', { code, detail });
    return;
  }
  const running = updates.running();
  const situation = await situationOf(parts, policy, order, offered.value, running);
  if (!situation.ok) {
    const { code, path } = situation.fault;
    log.warn('the record of installed releases cannot be read; the next look is at the usual time', { code, path });
    return;
  }
  const decision = decide(situation.value);
  tellDecision(log, decision);
  if (decision.kind === 'drop' && running !== undefined) {
    await updates.cancel(orderOf(running.journal).id, SCHEDULE_NAME);
  } else if (decision.kind === 'take') {
    const taken = await updates.order(order);
    if (!taken.ok) log.warn('the unattended update was not taken', { code: taken.fault.code });
  }
}

async function situationOf(
  { tools, records, clock }: ScheduleParts,
  { mode }: SchedulePolicy,
  order: Order,
  offered: Situation['offered'],
  running: OrderProgress | undefined,
): Promise<Result<Situation>> {
  const record = await tools.installed.read();
  if (!record.ok) return record;
  const installed = record.value;
  const { version: live } = await liveRelease(tools, installed);
  return succeed({
    mode,
    offered,
    live,
    eligibility: await eligibilityFor(tools, installed, order),
    pausedUntil: pausedUntil(await records.tries(), clock.now()),
    order: running === undefined ? undefined : orderSeen(running.journal),
  });
}

function orderSeen(journal: readonly JournalEntry[]): NonNullable<Situation['order']> {
  const to = factsOf(journal, 'preflight')?.to;
  // Until preflight has chosen there is nothing to compare.
  return isWaitingUnattended(journal) && to !== undefined ? { kind: 'waiting', version: to } : { kind: 'other' };
}

function unattendedOrder(parts: ScheduleParts, policy: SchedulePolicy): Order {
  const unattended = conditionOf(policy);
  return { ...policy.order, id: parts.newId(), kind: 'update', orderedBy: SCHEDULE_NAME, unattended };
}

function conditionOf({ mode, rule, downloads }: SchedulePolicy): SwapCondition {
  const hours = downloads === undefined ? {} : { downloads };
  return mode === 'auto' ? { kind: 'in-window', rule, ...hours } : { kind: 'on-word', ...hours };
}

/** An order that an earlier launcher prepared under other rules must not act under them: it is given up and decided anew. */
async function dropStale({ updates }: ScheduleParts, policy: SchedulePolicy): Promise<void> {
  const journal = updates.running()?.journal;
  if (journal === undefined || !isWaitingUnattended(journal)) return;
  const { id, unattended } = orderOf(journal);
  if (policy.mode === 'manual' || !isDeepStrictEqual(unattended, conditionOf(policy))) {
    await updates.cancel(id, SCHEDULE_NAME);
  }
}

function tellDecision(log: Log, decision: Decision): void {
  switch (decision.kind) {
    case 'take':
      log.info('a release is due and is prepared', { version: decision.release.version });
      return;
    case 'drop':
      log.info('the prepared release is no longer due and is given up', {});
      return;
    case 'leave':
      return;
    case 'nothing':
      decision.heldBack.forEach(({ release, hindrances }) =>
        log.info('a release is held back', {
          version: release.version,
          why: hindrances.map(({ kind }) => kind).join(', '),
        }),
      );
  }
}

/** How an unattended order ended goes into the record, for the marks and the pause after failures. */
async function remember({ records, clock }: ScheduleParts, { journal }: OrderProgress): Promise<void> {
  const settled = journal.at(-1);
  const [ordered] = journal;
  if (settled?.kind !== 'settled' || ordered?.kind !== 'ordered' || ordered.order.unattended === undefined) return;
  const release = factsOf(journal, 'preflight')?.release;
  const cancelled = journal.find((entry) => entry.kind === 'cancelled');
  await records.write(
    afterTry(await records.tries(), {
      outcome: settled.outcome,
      at: clock.now(),
      code: decisiveFault(journal)?.code,
      release: release && { manifestSha256: release.manifest.sha256, version: release.version },
      cancelledBy: cancelled?.by === SCHEDULE_NAME ? undefined : cancelled?.by,
    }),
  );
}
