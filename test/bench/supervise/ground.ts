import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../kit/free-port.ts';
import { isInstalled, run } from '../bytes/run.ts';
import type { Herald } from './herald.ts';
import { processesOfProgram, supervisorProcesses } from './processes.ts';
import { compilePrograms, type Programs } from './programs.ts';
import { SUPERVISOR_NAMES, type Supervisor, type SupervisorName } from './supervisor.ts';
import { type Places, SUPERVISORS } from './supervisors.ts';
import { awaitServer } from './tiny-client.ts';

const START_LIMIT_MS = 60_000;
const root = path.resolve(import.meta.dirname, '../../..');
/** A gigabyte of lines of 128 bytes. */
export const LINES = 2 ** 23;

/** What the bench works with. */
export interface Ground {
  readonly folder: string;
  readonly herald: Herald;
  readonly programs: Programs;
  readonly places: Places;
  readonly names: readonly SupervisorName[];
}

export async function prepare(folder: string, herald: Herald): Promise<Ground> {
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
  return { folder, herald, programs, places, names: SUPERVISOR_NAMES.filter((name) => !lacking.has(name)) };
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

export async function startSite(ground: Ground, name: SupervisorName, label: string): Promise<Supervisor> {
  const site = await makeSite(ground, name, label, []);
  await site.start();
  const up = await awaitServer(site.port, undefined, START_LIMIT_MS);
  if (up === undefined) throw new Error(`${name} did not start its child`);
  return site;
}

export async function makeSite(
  ground: Ground,
  name: SupervisorName,
  label: string,
  more: readonly string[],
): Promise<Supervisor> {
  const folder = path.join(ground.folder, `${name}-${label}`);
  mkdirSync(folder);
  const port = await freePort();
  const words = [String(port), String(LINES), path.join(folder, 'done'), String(ground.herald.port), ...more];
  const child = [ground.programs.tinyServer, ...words];
  return SUPERVISORS[name]({ folder, port, child }, ground.places);
}

/** Ends what is left of the bench's own: what runs its programs or names its folder. */
export function endAll(folder: string, tinyServer: string): void {
  const own = [...supervisorProcesses(undefined, folder, tinyServer), ...processesOfProgram(tinyServer)];
  for (const pid of own) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}
