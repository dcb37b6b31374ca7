import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../installer/update/order.ts';
import { newestJournal, told } from '../e2e/kit/scene.ts';
import { processesOf } from '../e2e/kit/site-processes.ts';
import { until } from '../kit/until.ts';
import type { LauncherService } from './launcher-service.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { giveOrder, rollBackOnCommandLine } from './order.ts';
import type { Cycle } from './plan.ts';
import type { SoakSite } from './soak-site.ts';

/** The machine between two cycles. */
export interface MachineState {
  readonly version: string;
  readonly kept?: string;
  readonly outcomes: readonly Outcome[];
}

/** What a cycle did. */
export interface Played {
  readonly orderId: string;
  readonly goal: Goal;
  readonly outcome: Outcome;
  readonly after: MachineState;
  readonly launcherKills: number;
  readonly serverKills: number;
}

/** A journal that refuses a line is tried again after a minute; everything else takes seconds. */
const SETTLE_LIMIT_MS = 150_000;
const LOOK_EACH_MS = 50;

/** One order from its first word to its last, with the kills that the cycle has for it. */
export async function playCycle(
  machine: SoakSite,
  service: LauncherService,
  cycle: Cycle,
  before: MachineState,
): Promise<Played> {
  const goal = await goalOf(cycle, before, machine);
  const ordered = order(machine.site, cycle, goal);
  const [orderId, kills] = await Promise.all([ordered, killAll(machine, service, cycle)]);
  const outcome = await settled(machine, orderId);
  return { ...kills, orderId, goal, outcome, after: stateAfter(before, goal, outcome) };
}

/** Gives the order's id once it was taken. */
async function order(site: OmSite, { number, phase }: Cycle, goal: Goal): Promise<string> {
  const id = `soak-${String(number).padStart(4, '0')}`;
  // Only where no launcher dies: the command line would take over for one that is away.
  if (goal.kind === 'rollback' && phase === 'long-life') return rollBackOnCommandLine(site, addressOf(number));
  const notifyEmail = addressOf(number);
  await giveOrder(site, async (api) =>
    goal.kind === 'rollback'
      ? api.orderRollback({ id, notifyEmail })
      : api.orderUpdate({ id, notifyEmail, version: goal.version }),
  );
  return id;
}

/** Each orderer has an address of its own, by which the mails are counted. */
export function addressOf(cycle: number): string {
  return `orderer-${cycle}@example.ch`;
}

/** What an order is to bring. */
export type Goal =
  { readonly kind: 'update'; readonly version: string; readonly good: boolean } | { readonly kind: 'rollback' };

/** With nothing to go back to, the next release comes instead. */
async function goalOf(
  { kind }: Cycle,
  { kept }: MachineState,
  { publishNext, brokenVersions }: Pick<SoakSite, 'publishNext' | 'brokenVersions'>,
): Promise<Goal> {
  if (kind === 'rollback' && kept !== undefined) return { kind };
  if (kind === 'rollback' || kind === 'forward') return { kind: 'update', version: await publishNext(), good: true };
  return { kind: 'update', version: brokenVersions[kind], good: false };
}

async function killAll(
  { site }: SoakSite,
  service: LauncherService,
  { kills }: Cycle,
): Promise<Pick<Played, 'launcherKills' | 'serverKills'>> {
  const began = performance.now();
  let [launcherKills, serverKills] = [0, 0];
  for (const { who, afterMs } of kills) {
    await sleep(Math.max(0, began + afterMs - performance.now()));
    if (who === 'launcher') {
      await service.kill();
      launcherKills += 1;
    } else {
      serverKills += killServers(site);
    }
  }
  return { launcherKills, serverKills };
}

/** How many there were to kill: at some moments of an order none runs. */
function killServers(site: OmSite): number {
  const { servers } = processesOf(site);
  return servers.filter((pid) => {
    try {
      return process.kill(pid, 'SIGKILL');
    } catch {
      return false;
    }
  }).length;
}

async function settled({ site }: SoakSite, orderId: string): Promise<Outcome> {
  return until(
    async () => {
      await sleep(LOOK_EACH_MS);
      return newestJournal(site, orderId).find((entry) => entry.kind === 'settled')?.outcome;
    },
    () => `order ${orderId} to settle; its journal says ${told(newestJournal(site, orderId))}`,
    SETTLE_LIMIT_MS,
  );
}

function stateAfter(before: MachineState, goal: Goal, outcome: Outcome): MachineState {
  const outcomes = [...before.outcomes, outcome];
  if (outcome === 'updated' && goal.kind === 'update') return { version: goal.version, kept: before.version, outcomes };
  if (outcome === 'rolled-back' && before.kept !== undefined) return { version: before.kept, outcomes };
  return { ...before, outcomes };
}
