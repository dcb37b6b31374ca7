import { mkdirSync } from 'node:fs';
import { pruneRepository } from '../../installer/publish/repository.ts';
import { openPlatform } from '../../platform/current.ts';
import { type OmSite, openOmSite } from '../e2e/kit/om-site.ts';
import { demand } from '../e2e/kit/site.ts';
import { openStaticServer } from '../e2e/kit/static-server.ts';
import type { Behaviour } from '../programs/om-server/behaviour.ts';
import { BROKEN_KINDS, type BrokenKind } from './plan.ts';
import { temporaryOf } from './processes.ts';

/** One machine with its vendor: signed releases on a web server, a mailbox, and users who may log in. */
export interface SoakSite {
  readonly site: OmSite;
  /** Publishes the next good release and gives its version. */
  publishNext(): Promise<string>;
  /** Processes that a running server of this version has started. */
  grandchildrenOf(version: string): number;
  readonly brokenVersions: Readonly<Record<BrokenKind, string>>;
  close(): Promise<void>;
}

export const FIRST_VERSION = '2026.1.0';
/** Users are told so long before they are disconnected. */
export const DELAY_SECONDS = 1;
const USUAL: Behaviour = { startMs: 0, quitMs: 20, dialogMs: 50 };
/** In a session of its own; it must not outlive its server, and the launcher gives it two seconds for that. */
const WITH_GRANDCHILD: Behaviour = { forksGrandchildMs: 3_600_000 };
const GRANDCHILD_EACH = 3;
const BEHAVIOURS: Readonly<Record<BrokenKind, Behaviour>> = {
  'exits-at-once': { exitsAtOnce: 7 },
  'never-healthy': { neverReady: true, ...WITH_GRANDCHILD },
  // So soon that it dies twice within the watch, which forgives one crash.
  'dies-after-health': { diesAfterReadyMs: 250 },
};
const START_LIMIT_SECONDS = 8;
const SMALL = { smallFiles: 8, largeBytes: 40_000 };
/** What users can still roll back to is at the vendor's for some releases more. */
const RELEASES_LISTED = 6;

export async function openSoakSite(folder: string, launcher: readonly string[]): Promise<SoakSite> {
  const web = await openStaticServer();
  mkdirSync(temporaryOf(folder));
  const site = await openOmSite({
    folder,
    launcher,
    installed: { version: FIRST_VERSION },
    behaviour: USUAL,
    size: SMALL,
    delaySeconds: DELAY_SECONDS,
    updates: { repository: web.url },
    health: { everySeconds: 0.2, passes: 2, watchSeconds: 1 },
    // The many crashes are this run's doing: pauses between starts and the alarm would only make it longer.
    server: {
      start: { limitSeconds: START_LIMIT_SECONDS, extendSeconds: 1, hardLimitSeconds: START_LIMIT_SECONDS },
      restart: { stableSeconds: 1, firstDelaySeconds: 0.2, maximumDelaySeconds: 1, alarmCrashes: 100 },
    },
  });
  web.folder = site.repository;
  const brokenVersions = await publishBroken(site);
  let published = 1;
  return {
    site,
    brokenVersions,
    grandchildrenOf: (version) => Number(hasGrandchild(version)),
    async publishNext() {
      published += 1;
      const version = `2026.${published}.0`;
      await site.release(version, hasGrandchild(version) ? { behaviour: WITH_GRANDCHILD } : {});
      await pruneOld(site);
      web.served.length = 0;
      return version;
    },
    async close() {
      await site.close();
      await web.close();
    },
  };
}

function hasGrandchild(version: string): boolean {
  return Number(version.split('.')[1]) % GRANDCHILD_EACH === 0;
}

/** Newer than every good one, so that the vendor's tidying leaves them. */
async function publishBroken(site: OmSite): Promise<Readonly<Record<BrokenKind, string>>> {
  const versions = BROKEN_KINDS.map((kind, index) => [kind, `2027.${index + 1}.0`] as const);
  for (const [kind, version] of versions) await site.release(version, { behaviour: BEHAVIOURS[kind] });
  return Object.fromEntries(versions) as Record<BrokenKind, string>;
}

/** A vendor's repository does not grow for ever; without it the lists' growth would look like the launcher's. */
async function pruneOld({ repository, keys }: OmSite): Promise<void> {
  demand(
    await pruneRepository(openPlatform(), {
      repository,
      keys: { folder: keys, passphrase: undefined },
      keep: RELEASES_LISTED,
    }),
  );
}
