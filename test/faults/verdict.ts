import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { factsOf, type JournalEntry, orderOf } from '../../installer/update/journal-entry.ts';
import type { Outcome } from '../../installer/update/order.ts';
import { checkSite, type ExpectedSite } from '../e2e/kit/check-site.ts';
import { differencesFrom } from '../e2e/kit/bundle-truth.ts';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { journalsOf, serverStatus } from '../e2e/kit/scene.ts';
import { processesOf } from '../e2e/kit/site-processes.ts';
import { differencesOf, readTree, type Tree } from '../e2e/kit/tree.ts';
import { until } from '../kit/until.ts';
import { outcomesOf, tellJournal } from './play.ts';
import type { Scenario } from './scenarios.ts';

/** Thrown when the machine is not what it must be. */
export class Broken extends Error {}

/** Whole, alone, settled, and nothing left over: all old or all new, as the order ended. */
export async function checkMachine(site: OmSite, scenario: Scenario): Promise<void> {
  const outcomes = outcomesOf(site);
  const own = outcomes.slice(scenario.earlier.length);
  if (own.length > 1 || own.includes('open')) throw new Broken(`orders ended as ${outcomes.join(', ')}`);
  if (own[0] === 'held') {
    await checkHeld(site, scenario);
    checkNothingLeft(site, PROBE);
    return;
  }
  try {
    await checkSite(site, expectedOf(site, scenario, own[0] === 'open' ? undefined : own[0], outcomes));
  } catch (error) {
    throw new Broken(`${tellJournal(site)}\n${tellDifferences(error)}`);
  }
  checkNothingLeft(site, UNFINISHED);
}

const PROBE = /om-launcher-probe-/;
const UNFINISHED = /\.[0-9a-f]{12}(\.|$)|om-launcher-probe-|unreadable|corrupt/;

function checkNothingLeft(site: OmSite, kind: RegExp): void {
  const left = Object.keys(treeOf(site)).filter((path) => kind.test(path));
  if (left.length > 0) throw new Broken(`left behind: ${left.join(', ')}`);
}

/** The fields that differ; the comparison's own message is cut short. */
export function tellDifferences(error: unknown): string {
  const { actual, expected } = error as { readonly actual?: Fields; readonly expected?: Fields };
  if (actual === undefined || expected === undefined) return String(error);
  return Object.keys(expected)
    .filter((name) => JSON.stringify(actual[name]) !== JSON.stringify(expected[name]))
    .map((name) => `${name}: ${JSON.stringify(actual[name])} instead of ${JSON.stringify(expected[name])}`)
    .join('; ');
}

type Fields = Readonly<Record<string, unknown>>;

function expectedOf(
  site: OmSite,
  scenario: Scenario,
  own: Outcome | undefined,
  outcomes: ExpectedSite['outcomes'],
): ExpectedSite {
  const through = scenario.order === undefined || own === 'updated' || own === 'rolled-back';
  const machine = through ? scenario.after : scenario.before;
  return { ...machine, outcomes, restores: restoresOf(site) };
}

/** A restore that was made leaves the replaced data beside the data, on record. */
function restoresOf(site: OmSite): number {
  return journalsOf(site).reduce((sum, journal) => sum + restoresIn(site, journal), 0);
}

function restoresIn(site: OmSite, journal: readonly JournalEntry[]): number {
  const has = (kind: JournalEntry['kind'], step: string): boolean =>
    journal.some((entry) => entry.kind === kind && 'step' in entry && entry.step === step);
  const facts = factsOf(journal, 'preflight');
  if (facts?.dataFormatChanges !== true) return 0;
  if (facts.backupToRestore === undefined) return Number(has('undone', 'backUp') && has('began', 'start'));
  // A restore that failed half-way may or may not have replaced data before it was taken back by another one.
  const [there, back] = [`before-restore-${orderOf(journal).id}`, `before-restore-${orderOf(journal).id}-back`];
  const names = readdirSync(dirname(site.dataFile));
  return [there, back].filter((ending) => names.some((name) => name.endsWith(ending))).length;
}

/** Something could not be put back: everything stays as it is for a person, but a whole bundle serves the users. */
async function checkHeld(site: OmSite, { before, after }: Scenario): Promise<void> {
  const wholes = [before.version, after.version].filter(
    (version) => differencesFrom(site, site.bundle, version).length === 0,
  );
  const { servers } = processesOf(site);
  const status = await serverStatus(site);
  if (wholes.length === 0) throw new Broken(`held without a whole bundle: ${tellJournal(site)}`);
  if (servers.length !== 1 || status === undefined) {
    throw new Broken(`held with ${servers.length} servers: ${tellJournal(site)}`);
  }
}

/** Everything that a further start may not change. */
export interface Rest {
  readonly tree: Tree;
  readonly servers: readonly number[];
}

export function restOf(site: OmSite): Rest {
  return { tree: treeOf(site), servers: processesOf(site).servers };
}

/** The launcher notes its adoption for a moment after the server is up; what stays different is a defect. */
export async function checkSameRest(site: OmSite, before: Rest): Promise<void> {
  let differences: readonly string[] = [];
  await until(
    () => {
      differences = differencesBetween(before, restOf(site));
      return differences.length === 0;
    },
    'the same rest',
    SAME_REST_LIMIT_MS,
  ).catch(() => {
    throw new Broken(`a second start changed: ${differences.join(', ')}`);
  });
}

const SAME_REST_LIMIT_MS = 5_000;

function differencesBetween(before: Rest, after: Rest): readonly string[] {
  const servers = [before, after].map((rest) => rest.servers.join('+'));
  const changed = servers[0] === servers[1] ? [] : [`servers: ${servers.join(' → ')}`];
  return [...changed, ...differencesOf(before.tree, after.tree)];
}

/** Logs grow, an alarm comes and goes; the lock's token, the local channel and the note of the adoption are each launcher's own. */
const OF_EACH_RUN = new Set(['logs', 'lock-token', 'local', 'server-alarm.json', 'server-child.json']);

/** Every file of the launcher and of the bundles, by its path below the site. */
export function treeOf({ stateFolder, officeMaker, folder }: OmSite): Tree {
  const tops = [
    ...readdirSync(stateFolder)
      .filter((name) => !OF_EACH_RUN.has(name))
      .map((name) => join(stateFolder, name)),
    officeMaker,
  ];
  return Object.fromEntries(
    tops.flatMap((top) =>
      Object.entries(treeAt(top)).map(([path, what]) => [relative(folder, join(top, path)), what] as const),
    ),
  );
}

function treeAt(path: string): Tree {
  if (!existsSync(path)) return {};
  return statSync(path).isDirectory() ? { '': 'folder', ...readTree(path) } : { '': readFileSync(path, 'hex') };
}
