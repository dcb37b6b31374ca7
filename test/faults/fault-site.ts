import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { identityAt } from '../../installer/update/renames.ts';
import { openPlatform } from '../../platform/current.ts';
import type { Behaviour } from '../programs/om-server/behaviour.ts';
import { type OmSite, openOmSite } from '../e2e/kit/om-site.ts';
import { demand } from '../e2e/kit/site.ts';
import { endProcessesBelow } from './end-processes.ts';
import type { LauncherProgram } from './launcher-program.ts';

/** A site that can be put back to what it was: every run of a scenario begins with the same bytes at the same paths. */
export interface FaultSite {
  readonly site: OmSite;
  readonly program: LauncherProgram;
  /** Ends what runs and keeps what is there now, by default as the beginning of every run. */
  keep(name?: KeptName): Promise<void>;
  /** Ends what runs and puts everything back. */
  reset(name?: KeptName): Promise<void>;
  close(): Promise<void>;
}

/** The beginning of a scenario, or the machine as a kill has left it. */
export type KeptName = 'beginning' | 'killed';

/** Where a site's bytes lie: a folder, or a disk image that can lose its power. */
export interface Ground {
  /** The site's folder. */
  readonly root: string;
  keep(name: string): Promise<void>;
  restore(name: string): Promise<void>;
  remove(): Promise<void>;
}

/** Everything as quick and as small as it gets: a whole update takes about two seconds. */
const QUICK: Behaviour = { startMs: 0, quitMs: 0, dialogMs: 20, conversionMs: 20 };
const SMALL = { smallFiles: 3, largeBytes: 40_000 };

/** As in the executable: the first download costs 50 ms of processor and 23 MB less. */
export const ENGINE_FLAG = '--no-wasm-tier-up';

/** Not a minute: a wait of a minute is made short in traced runs, and this one is a deadline. */
const SMOKE_SECONDS = 40;

export async function openFaultSite(ground: Ground, program: LauncherProgram): Promise<FaultSite> {
  const site = await openOmSite({
    folder: ground.root,
    launcher: [process.execPath, ENGINE_FLAG, program.launcher],
    behaviour: QUICK,
    size: SMALL,
    delaySeconds: 0,
    startLimitSeconds: 20,
    server: { smoke: { args: ['{bundle}/om-server.mjs', '--version'], timeoutSeconds: SMOKE_SECONDS } },
    // Only the launcher's own calls are struck.
    updates: { staging: 'in-process' },
    health: { everySeconds: 0.2, passes: 2, watchSeconds: 0.4 },
  });
  const identities = new Map<KeptName, Identities>();
  return {
    site,
    program,
    async keep(name = 'beginning') {
      await endProcessesBelow(site.folder);
      identities.set(name, await identitiesOf(site));
      await ground.keep(name);
    },
    async reset(name = 'beginning') {
      await endProcessesBelow(site.folder);
      await ground.restore(name);
      await renewIdentities(site, identities.get(name) ?? new Map());
    },
    async close() {
      await endProcessesBelow(site.folder);
      await site.close();
      await ground.remove();
    },
  };
}

/** A plain folder; `base` is new and belongs to the ground. */
export function folderGround(base: string): Ground {
  const root = join(base, 'site');
  mkdirSync(root, { recursive: true });
  const copy = async (from: string, to: string): Promise<void> => {
    await rm(to, { recursive: true, force: true });
    await runTool('cp', '-a', '--', from, to);
  };
  return {
    root,
    keep: async (name) => copy(root, join(base, name)),
    restore: async (name) => copy(join(base, name), root),
    remove: async () => rm(base, { recursive: true, force: true }),
  };
}

/** A tool's output; rejects when it fails. Not at once, for the cases beside this one are waited for by the same process. */
export async function runTool(program: string, ...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, [...args], { encoding: 'utf8' })).stdout;
}

/** Folders' paths by what the launcher knows them by. */
type Identities = ReadonlyMap<string, string>;

async function identitiesOf({ officeMaker }: OmSite): Promise<Identities> {
  const { files } = openPlatform();
  const found = new Map<string, string>();
  for (const path of foldersIn(officeMaker)) {
    const identity = demand(await identityAt(files, path));
    if (identity !== undefined) found.set(identity, path);
  }
  return found;
}

/** Bundles lie beside each other, in the folder of an order, or two deeper on their way out. */
const DEEPEST = 3;

function foldersIn(folder: string, depth = 1): readonly string[] {
  if (depth > DEEPEST) return [];
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => [join(folder, name), ...foldersIn(join(folder, name), depth + 1)]);
}

/** Copied folders are other folders to the launcher; its record and its plan must name these. */
async function renewIdentities(site: OmSite, before: Identities): Promise<void> {
  const { files } = openPlatform();
  const renewed = new Map<string, string>();
  for (const [identity, path] of before) renewed.set(identity, demand(await identityAt(files, path)) ?? 'gone');
  for (const file of ['installed.json', 'swap-plan.json'].map((name) => join(site.stateFolder, name))) {
    if (existsSync(file)) writeFileSync(file, JSON.stringify(withIdentities(readJson(file), renewed)));
  }
  for (const [identity, path] of before) {
    if (basename(path) === identity) renameSync(path, join(dirname(path), renewed.get(identity) ?? identity));
  }
}

function withIdentities(value: unknown, renewed: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return renewed.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each: unknown) => withIdentities(each, renewed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withIdentities(each, renewed)]));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
