import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstalledRecord } from '../../installer/update/installed.ts';
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
  /** Keeps what is there now as the beginning of every run. */
  keep(): void;
  /** Ends what runs and puts everything back. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Where a site's bytes lie: a folder, or a disk image that can lose its power. */
export interface Ground {
  /** The site's folder. */
  readonly root: string;
  keep(): void;
  restore(): void;
  remove(): void;
}

/** Everything as quick and as small as it gets: a whole update takes about two seconds. */
const QUICK: Behaviour = { startMs: 0, quitMs: 0, dialogMs: 20, conversionMs: 20 };
const SMALL = { smallFiles: 3, largeBytes: 40_000 };

export async function openFaultSite(ground: Ground, program: LauncherProgram): Promise<FaultSite> {
  const site = await openOmSite({
    folder: ground.root,
    launcher: [process.execPath, program.launcher],
    behaviour: QUICK,
    size: SMALL,
    delaySeconds: 0,
    startLimitSeconds: 20,
    // Only the launcher's own calls are struck.
    updates: { staging: 'in-process' },
    health: { everySeconds: 0.1, passes: 2, watchSeconds: 0.2 },
  });
  return {
    site,
    program,
    keep: () => ground.keep(),
    async reset() {
      await endProcessesBelow(site.folder);
      ground.restore();
      await renewIdentities(site);
    },
    async close() {
      await endProcessesBelow(site.folder);
      await site.close();
      ground.remove();
    },
  };
}

/** A plain folder; `base` is new and belongs to the ground. */
export function folderGround(base: string): Ground {
  const [root, kept] = [join(base, 'site'), join(base, 'kept')];
  mkdirSync(root, { recursive: true });
  const copy = (from: string, to: string): void => {
    rmSync(to, { recursive: true, force: true });
    demandStatus(spawnSync('cp', ['-a', '--', from, to]));
  };
  return {
    root,
    keep: () => copy(root, kept),
    restore: () => copy(kept, root),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

export function demandStatus({ status, stderr, error }: ReturnType<typeof spawnSync>): void {
  if (status !== 0) throw new Error(error?.message ?? String(stderr));
}

/** Copied folders are other folders to the launcher; the record must name these. */
async function renewIdentities(site: OmSite): Promise<void> {
  const file = join(site.stateFolder, 'installed.json');
  if (!existsSync(file)) return;
  const { files } = openPlatform();
  const identityOf = async (path: string): Promise<string> => demand(await identityAt(files, path)) ?? 'gone';
  const record = JSON.parse(readFileSync(file, 'utf8')) as InstalledRecord;
  const renewed: InstalledRecord = {
    ...record,
    ...(record.live === undefined ? {} : { live: { ...record.live, identity: await identityOf(site.bundle) } }),
    kept: await Promise.all(record.kept.map(async (kept) => ({ ...kept, identity: await identityOf(kept.path) }))),
  };
  writeFileSync(file, JSON.stringify(renewed));
}
