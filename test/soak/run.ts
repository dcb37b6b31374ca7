import { checkMachine, type Findings, isGood } from './checks.ts';
import { plantAndFind } from './control.ts';
import { type MachineState, type Played, playCycle } from './cycle.ts';
import { growthPercent } from './figures.ts';
import { type LauncherService, startService } from './launcher-service.ts';
import { isUp } from './order.ts';
import { type Cycle, planCycles } from './plan.ts';
import { type Rests, restsOf, sampleDescriptors, sampleMemory } from './rest.ts';
import { FIRST_VERSION, type SoakSite } from './soak-site.ts';
import { noneSeen, startUsers, type UsersSeen } from './users.ts';
import type { SoakCounts } from './verdict.ts';

export interface SoakOptions {
  readonly cycles: number;
  readonly seed: number;
  readonly control: boolean;
  readonly say: (line: string) => void;
}

/** Descriptors wait for idle connections to end: not at each cycle. */
const DESCRIPTORS_EACH = 4;

/** Plays all cycles, or those until the first that is not good: its machine is what there is to look at. */
export async function runSoak(machine: SoakSite, options: SoakOptions): Promise<SoakCounts> {
  const service = await startService(machine.site);
  try {
    await isUp(machine.site);
    const run: Run = { machine, service, played: [], rests: restsOf(service.current().pid), seen: noneSeen() };
    const findings = await playAll(run, options);
    const control =
      options.control && isGood(findings) ? await plantAndFind(machine.site, service.current().pid) : undefined;
    return countsOf(run, findings, control);
  } finally {
    await service.stop();
  }
}

interface Run {
  readonly machine: SoakSite;
  readonly service: LauncherService;
  readonly played: Played[];
  rests: Rests;
  readonly seen: UsersSeen;
}

const NOTHING_FOUND: Findings = { broken: [], processes: [], files: [] };

async function playAll(run: Run, { cycles, seed, say }: SoakOptions): Promise<Findings> {
  let before: MachineState = { version: FIRST_VERSION, outcomes: [] };
  for (const cycle of planCycles(cycles, seed)) {
    const began = performance.now();
    const toldBefore = run.seen.untold.length;
    const played = await playUnderLoad(run, cycle, before);
    const untold = run.seen.untold.slice(toldBefore);
    const findings = await checkMachine(run.machine, run.service, cycle, played, untold);
    say(tellCycle(cycle, played, performance.now() - began));
    if (!isGood(findings)) {
      for (const [kind, found] of Object.entries(findings))
        for (const one of found as string[]) say(`  ${kind}: ${one}`);
      return findings;
    }
    run.played.push(played);
    await rest(run, cycle, cycle.number === cycles);
    before = played.after;
  }
  return NOTHING_FOUND;
}

async function playUnderLoad({ machine, service, seen }: Run, cycle: Cycle, before: MachineState): Promise<Played> {
  const users = startUsers(machine.site, seen);
  try {
    const played = await playCycle(machine, service, cycle, before);
    await isUp(machine.site);
    return played;
  } finally {
    await users.leave();
  }
}

/** Looks at what the launcher holds; one that was killed begins anew. */
async function rest(run: Run, { phase, number }: Cycle, isLast: boolean): Promise<void> {
  const { pid } = run.service.current();
  if (run.rests.pid !== pid) run.rests = restsOf(pid);
  if (phase === 'kills') return;
  await sampleMemory(run.rests);
  const { descriptors } = run.rests;
  if (descriptors.length === 0 || number % DESCRIPTORS_EACH === 0 || isLast) await sampleDescriptors(run.rests);
}

function tellCycle({ number, kind, kills }: Cycle, { goal, outcome }: Played, milliseconds: number): string {
  const what = goal.kind === 'rollback' ? 'rollback' : `${kind === 'rollback' ? 'forward' : kind} ${goal.version}`;
  const killed = kills.map(({ who, afterMs }) => `, ${who} killed after ${afterMs} ms`).join('');
  return `${number}. ${what}${killed}: ${outcome}, ${(milliseconds / 1_000).toFixed(1)} s`;
}

function countsOf({ played, rests, seen }: Run, findings: Findings, control: string | undefined): SoakCounts {
  const ended = (outcome: Played['outcome']): number => played.filter((one) => one.outcome === outcome).length;
  const sum = (of: (one: Played) => number): number => played.reduce((total, one) => total + of(one), 0);
  return {
    cycles: played.length,
    updates: ended('updated'),
    fallbacks: ended('fell-back'),
    rollbacks: ended('rolled-back'),
    refused: ended('refused'),
    launcherKills: sum(({ launcherKills }) => launcherKills),
    serverKills: sum(({ serverKills }) => serverKills),
    sessions: seen.sessions,
    untold: seen.untold.length,
    broken: findings.broken.length,
    leftoverProcesses: findings.processes.length,
    leftoverFiles: findings.files.length,
    descriptors: { first: rests.descriptors[0] ?? 0, last: rests.descriptors.at(-1) ?? 0 },
    longestLife: rests.resident.length,
    rssGrowthPct: growthPercent(rests.resident) ?? null,
    seconds: Math.round(performance.now() / 1_000),
    ...(control === undefined ? {} : { control }),
  };
}
