import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions } from '../bench.ts';
import { measureLeftovers, measureSurvival } from './deaths.ts';
import { measureFlood } from './flood.ts';
import { endAll, type Ground, LINES, makeSite, prepare, startSite } from './ground.ts';
import { openHerald } from './herald.ts';
import { costOf, round, supervisorProcesses } from './processes.ts';
import { type AllFindings, figuresOf, type Findings, type Idle, missedBars, tableOf } from './report.ts';
import { measureBurst, measureSettled } from './restarts.ts';
import { FLOORS, type Supervisor, type SupervisorName } from './supervisor.ts';

const CASES = ['settled', 'idle', 'burst', 'flood', 'survival', 'leftovers'] as const;
type Case = (typeof CASES)[number];

/** Sites of each supervisor while restarts are timed and idle ones are watched. */
const SITES = 3;
const ROUNDS = 12;
const IDLE_MS = 25_000;
const BURST_KILLS = 10;
const BURST_LIMIT_MS = 20_000;

/**
 * Compares the launcher with other supervisors over the same child, in one run. Ends with status 1 when a bar is missed
 * or a rival is not there. `--only` takes names of cases.
 */
export async function measureSupervision({ only }: BenchOptions): Promise<object> {
  const cases = new Set<string>(only.length === 0 ? CASES : only);
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'om-launcher-bench-')));
  const herald = await openHerald();
  try {
    const ground = await prepare(folder, herald);
    const found: AllFindings = new Map(ground.names.map((name) => [name, {}]));
    await measureTogether(ground, cases, found);
    await measureOneByOne(ground, cases, found);
    console.log(tableOf(found));
    const misses = missedBars(found);
    for (const miss of misses) console.log(`BAR MISSED: ${miss}`);
    if (misses.length > 0) process.exitCode = 1;
    return figuresOf(found, await engineRss());
  } finally {
    herald.close();
    endAll(folder, path.join(folder, 'tiny-server'));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Everything that is timed while all supervisors run beside each other. */
async function measureTogether(ground: Ground, cases: ReadonlySet<string>, found: AllFindings): Promise<void> {
  const wanted: readonly Case[] = ['settled', 'idle', 'burst'];
  if (!wanted.some((name) => cases.has(name))) return;
  const sites: Supervisor[] = [];
  for (let number = 0; number < SITES; number += 1) {
    for (const name of ground.names) sites.push(await startSite(ground, name, String(number)));
  }
  console.log(`${sites.length} sites run`);
  if (cases.has('idle')) await measureIdle(ground, sites, found);
  if (cases.has('settled')) {
    const restarts = await measureSettled(ground.herald, sites, ROUNDS);
    for (const [name, settled] of restarts) set(found, name as SupervisorName, { settled });
  }
  if (cases.has('burst')) {
    const ones = sites.slice(0, ground.names.length);
    const { herald } = ground;
    const bursts = await Promise.all(ones.map((site) => measureBurst(herald, site, BURST_KILLS, BURST_LIMIT_MS)));
    for (const [index, burst] of bursts.entries()) set(found, ones[index]?.name, { burst });
  }
  for (const site of sites) await site.stop();
  endAll(ground.folder, ground.programs.tinyServer);
}

/** Processor time over the same seconds for all, after the commotion of their starts. */
async function measureIdle(ground: Ground, sites: readonly Supervisor[], found: AllFindings): Promise<void> {
  await sleep(START_REST_MS);
  const costs = () =>
    sites.map((site) => costOf(supervisorProcesses(site.root(), site.folder, ground.programs.tinyServer)));
  const [before, began] = [costs(), performance.now()];
  await sleep(IDLE_MS);
  const [after, seconds] = [costs(), (performance.now() - began) / 1_000];
  const each = sites.map((site, index): [SupervisorName, Idle] => {
    const [first, last] = [before[index], after[index]];
    if (!first || !last) throw new Error(`${site.name} was not looked at`);
    return [site.name, { ...last, cpuPercent: ((last.cpuSeconds - first.cpuSeconds) / seconds) * 100 }];
  });
  for (const name of ground.names) {
    const idles = each.flatMap(([of, idle]) => (of === name ? [idle] : []));
    const mean = (pick: (idle: Idle) => number): number =>
      idles.reduce((sum, idle) => sum + pick(idle), 0) / idles.length;
    const sizes = {
      rssMiB: round(
        mean((idle) => idle.rssMiB),
        1,
      ),
      pssMiB: round(
        mean((idle) => idle.pssMiB),
        1,
      ),
    };
    set(found, name, {
      idle: { processes: mean((i) => i.processes), ...sizes, cpuPercent: mean((i) => i.cpuPercent) },
    });
  }
}

/** The launcher collects the garbage of its start after 15 s. */
const START_REST_MS = 20_000;

/** What fills the disk or leaves processes about: one supervisor after the other. */
async function measureOneByOne(ground: Ground, cases: ReadonlySet<string>, found: AllFindings): Promise<void> {
  const { tinyServer, countLines } = ground.programs;
  for (const name of ground.names.filter((one) => !FLOORS.includes(one))) {
    if (cases.has('flood')) {
      const site = await startSite(ground, name, 'flood');
      const doneFile = path.join(site.folder, 'done');
      set(found, name, { flood: await measureFlood(site, { lines: LINES, doneFile, tinyServer, countLines }) });
      await site.stop();
      rmSync(site.folder, { recursive: true, force: true, maxRetries: 5 });
    }
    if (cases.has('survival')) {
      const site = await startSite(ground, name, 'survival');
      set(found, name, { survival: await measureSurvival(site, tinyServer) });
    }
    endAll(ground.folder, tinyServer);
    if (cases.has('leftovers')) {
      const familyFile = path.join(ground.folder, `family-${name}`);
      const site = await makeSite(ground, name, 'family', ['family', familyFile]);
      set(found, name, { left: await measureLeftovers(site, familyFile) });
    }
    endAll(ground.folder, tinyServer);
    console.log(`${name}: ${JSON.stringify(found.get(name))}`);
  }
}

function set(found: AllFindings, name: SupervisorName | undefined, findings: Findings): void {
  const known = name === undefined ? undefined : found.get(name);
  if (known) Object.assign(known, findings);
}

/** The size of this very engine with nothing to do, for comparison. */
async function engineRss(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e9)'], { stdio: 'ignore' });
  await sleep(2_000);
  const { rssMiB } = costOf(child.pid === undefined ? [] : [child.pid]);
  child.kill('SIGKILL');
  return rssMiB;
}
