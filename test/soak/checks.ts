import { tellDifferences } from '../faults/verdict.ts';
import { checkSite } from '../e2e/kit/check-site.ts';
import { demand } from '../e2e/kit/site.ts';
import { newestJournal, told } from '../e2e/kit/scene.ts';
import { until } from '../kit/until.ts';
import { addressOf, type Played } from './cycle.ts';
import { findStrangeFiles } from './files.ts';
import type { LauncherService } from './launcher-service.ts';
import { withChannel } from './order.ts';
import type { Cycle } from './plan.ts';
import { findProcesses, strangers } from './processes.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import type { SoakSite } from './soak-site.ts';
import { mayEndSo } from './verdict.ts';

/** What is wrong with a machine after a cycle; all empty for a good one. */
export interface Findings {
  readonly broken: readonly string[];
  readonly processes: readonly string[];
  readonly files: readonly string[];
}

/** What is being replaced or ended at the moment gets so long; what stays is left over. */
const [LEFTOVER_LIMIT_MS, MAIL_LIMIT_MS] = [10_000, 20_000];

/**
 * The whole machine from outside, once its order has ended and its users have left.
 *
 * `untold` are users who were put out without a word in this cycle. Where the server was killed, some may have logged in to
 * the next one in the last moments of the delay: they are only counted.
 */
export async function checkMachine(
  machine: SoakSite,
  service: LauncherService,
  cycle: Cycle,
  played: Played,
  untold: readonly string[],
): Promise<Findings> {
  const journal = (): string => told(newestJournal(machine.site, played.orderId));
  const broken = [
    ...(mayEndSo(cycle, played) ? [] : [`the order ended as ${played.outcome}: ${journal()}`]),
    ...service.ownEnds,
    ...(played.serverKills === 0 ? untold : []).map((why) => `a user was put out without a word: ${why}`),
    ...(await faultsOf(async () =>
      checkSite(machine.site, { ...played.after, others: machine.grandchildrenOf(played.after.version) }),
    )),
    ...(await faultsOf(async () => checkHistory(machine, played))),
    ...(await faultsOf(async () => checkMail(machine, cycle))),
  ];
  return { broken, processes: await leftProcesses(machine.site), files: await leftFiles(machine.site) };
}

export function isGood({ broken, processes, files }: Findings): boolean {
  return broken.length + processes.length + files.length === 0;
}

/** Lasting ones alone. */
async function leftProcesses(site: OmSite): Promise<readonly string[]> {
  return lasting(() => strangersOf(site));
}

/** Now; the lack of a launcher or a server counts, too. */
export function strangersOf(site: OmSite): readonly string[] {
  const found = findProcesses(site.folder);
  const missing = (['launcher', 'server'] as const).filter((role) => !found.some((one) => one.role === role));
  return [
    ...strangers(found).map(({ pid, parent, commandLine }) => `${pid} (of ${parent}) ${commandLine}`),
    ...missing.map((role) => `no ${role} runs`),
  ];
}

async function leftFiles(site: OmSite): Promise<readonly string[]> {
  return lasting(() => findStrangeFiles(site));
}

async function lasting(find: () => readonly string[]): Promise<readonly string[]> {
  let found: readonly string[] = [];
  await until(
    () => {
      found = find();
      return found.length === 0;
    },
    'nothing to be left',
    LEFTOVER_LIMIT_MS,
  ).catch(() => undefined);
  return found;
}

/** The launcher tells of the order what its journal says. */
async function checkHistory({ site }: SoakSite, { orderId, outcome }: Played): Promise<void> {
  const history = await withChannel(site, async ({ client }) => demand(await client.history(1)));
  const newest = history?.[0];
  if (newest?.id !== orderId || newest.outcome !== outcome) {
    throw new Error(`the history begins with ${newest?.id} ${newest?.outcome} instead of ${orderId} ${outcome}`);
  }
}

/** One mail to whoever ordered; a copy after a kill bears the same Message-ID. */
async function checkMail({ site }: SoakSite, { number }: Cycle): Promise<void> {
  const address = addressOf(number);
  const ids = (): readonly string[] =>
    site.mailbox.mails.filter(({ to }) => to === address).map(({ messageId }) => messageId);
  await until(() => ids().length > 0, `a mail to ${address}`, MAIL_LIMIT_MS);
  if (new Set(ids()).size !== 1) throw new Error(`${address} got ${ids().join(', ')}`);
}

async function faultsOf(check: () => Promise<void>): Promise<readonly string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    return [tellDifferences(error)];
  }
}
