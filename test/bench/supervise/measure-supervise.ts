import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../kit/free-port.ts';
import type { BenchOptions } from '../bench.ts';
import { isInstalled, run } from '../bytes/run.ts';
import { measureLeftovers, measureSurvival } from './deaths.ts';
import { measureFlood } from './flood.ts';
import { costOf, processesOfProgram, round, supervisorProcesses } from './processes.ts';
import { compilePrograms, type Programs } from './programs.ts';
import { type AllFindings, figuresOf, type Findings, type Idle, missedBars, tableOf } from './report.ts';
import { measureBurst, measureSettled } from './restarts.ts';
import { FLOORS, SUPERVISOR_NAMES, type Supervisor, type SupervisorName } from './supervisor.ts';
import { type Places, SUPERVISORS } from './supervisors.ts';
import { awaitServer } from './tiny-client.ts';

const CASES = ['settled', 'idle', 'burst', 'flood', 'survival', 'leftovers'] as const;
type Case = (typeof CASES)[number];

/** Sites of each supervisor while restarts are timed and idle ones are watched. */
const SITES = 3;
const ROUNDS = 12;
const IDLE_MS = 25_000;
const BURST_KILLS = 10;
const BURST_LIMIT_MS = 20_000;
/** A gigabyte of lines of 128 bytes. */
const LINES = 2 ** 23;
const START_LIMIT_MS = 60_000;
const root = path.resolve(import.meta.dirname, '../../..');

/** What the bench works with. */
interface Ground {
  readonly folder: string;
  readonly programs: Programs;
  readonly places: Places;
  readonly names: readonly SupervisorName[];
}

/**
 * Compares the launcher with other supervisors over the same child, in one run. Ends with status 1 when a bar is missed
 * or a rival is not there. `--only` takes names of cases.
 */
export async function measureSupervision({ only }: BenchOptions): Promise<object> {
  const cases = new Set<string>(only.length === 0 ? CASES : only);
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'om-launcher-bench-')));
  try {
    const ground = await prepare(folder);
    const found: AllFindings = new Map(ground.names.map((name) => [name, {}]));
    await measureTogether(ground, cases, found);
    await measureOneByOne(ground, cases, found);
    console.log(tableOf(found));
    const misses = missedBars(found);
    for (const miss of misses) console.log(`BAR MISSED: ${miss}`);
    if (misses.length > 0) process.exitCode = 1;
    return figuresOf(found, await engineRss());
  } finally {
    endAll(folder, path.join(folder, 'tiny-server'));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function prepare(folder: string): Promise<Ground> {
  if (!(await isInstalled('gcc'))) throw new Error('not run: needs gcc');
  const programs = await compilePrograms(folder);
  await run(process.execPath, [path.join(root, 'scripts/build.ts'), '--output', path.join(folder, 'dist')]);
  const pm2 = await fetchPm2(folder);
  const places = { launcher: path.join(folder, 'dist/om-launcher'), pm2: pm2 ?? '', floor: programs.floor };
  const lacking = new Map<SupervisorName, string>();
  if (pm2 === undefined) lacking.set('pm2', 'pm2 from the package registry');
  if (!(await isInstalled('supervisord'))) lacking.set('supervisord', 'apt-get install supervisor');
  if (!(await isInstalled('runsv'))) lacking.set('runit', 'apt-get install runit');
  if (!(await isInstalled('s6-supervise'))) lacking.set('s6', 'apt-get install s6');
  for (const [name, needs] of lacking) {
    console.log(`${name} not run: needs ${needs}`);
    process.exitCode = 1;
  }
  return { folder, programs, places, names: SUPERVISOR_NAMES.filter((name) => !lacking.has(name)) };
}

/** Not a dependency of the project: fetched for the bench, without running scripts of packages. */
async function fetchPm2(folder: string): Promise<string | undefined> {
  const target = path.join(folder, 'pm2');
  const words = ['install', '--prefix', target, '--ignore-scripts', '--no-audit', '--no-fund', 'pm2@7'];
  return run('npm', words).then(
    () => path.join(target, 'node_modules/pm2/bin/pm2'),
    () => undefined,
  );
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
    for (const [name, settled] of await measureSettled(sites, ROUNDS)) set(found, name as SupervisorName, { settled });
  }
  if (cases.has('burst')) {
    const ones = sites.slice(0, ground.names.length);
    const bursts = await Promise.all(ones.map((site) => measureBurst(site, BURST_KILLS, BURST_LIMIT_MS)));
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

async function startSite(ground: Ground, name: SupervisorName, label: string): Promise<Supervisor> {
  const site = await makeSite(ground, name, label, []);
  await site.start();
  const up = await awaitServer(site.port, undefined, START_LIMIT_MS);
  if (up === undefined) throw new Error(`${name} did not start its child`);
  return site;
}

async function makeSite(
  ground: Ground,
  name: SupervisorName,
  label: string,
  more: readonly string[],
): Promise<Supervisor> {
  const folder = path.join(ground.folder, `${name}-${label}`);
  mkdirSync(folder);
  const port = await freePort();
  const child = [ground.programs.tinyServer, String(port), String(LINES), path.join(folder, 'done'), ...more];
  return SUPERVISORS[name]({ folder, port, child }, ground.places);
}

function set(found: AllFindings, name: SupervisorName | undefined, findings: Findings): void {
  const known = name === undefined ? undefined : found.get(name);
  if (known) Object.assign(known, findings);
}

/** Ends what is left of the bench's own: what runs its programs or names its folder. */
function endAll(folder: string, tinyServer: string): void {
  const own = [...supervisorProcesses(undefined, folder, tinyServer), ...processesOfProgram(tinyServer)];
  for (const pid of own) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}

/** The size of this very engine with nothing to do, for comparison. */
async function engineRss(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e9)'], { stdio: 'ignore' });
  await sleep(2_000);
  const { rssMiB } = costOf(child.pid === undefined ? [] : [child.pid]);
  child.kill('SIGKILL');
  return rssMiB;
}
