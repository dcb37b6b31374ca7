import { type Result, succeed } from '../../platform/result.ts';
import { folderIdentity } from './facts.ts';
import type { InstalledRecord, ReleaseRecord } from './installed.ts';
import type { UpdateTools } from './tools.ts';

/** What is live; fields that nobody can tell are absent. */
export type LiveRelease = Partial<Pick<ReleaseRecord, 'version' | 'dataFormat' | 'manifestFile'>>;

type LiveTools = Pick<UpdateTools, 'files' | 'places' | 'checks' | 'clock' | 'installed' | 'log'>;

/** By our record if it is still the same folder, else by asking the program itself. */
export async function liveRelease(tools: LiveTools, installed: InstalledRecord): Promise<LiveRelease> {
  const { live } = installed;
  if (live !== undefined && live.identity === (await bundleIdentity(tools))) {
    return live;
  }
  const version = await askVersion(tools);
  return version === undefined ? {} : { version };
}

/**
 * Writes down what is live when the record does not know it: the first start beside an installation that we did not make,
 * or after a bundle was replaced by hand.
 */
export async function recordLiveRelease(tools: LiveTools): Promise<Result<void>> {
  const installed = await tools.installed.read();
  const identity = await bundleIdentity(tools);
  if (!installed.ok || identity === undefined || installed.value.live?.identity === identity) {
    return installed.ok ? succeed() : installed;
  }
  const version = await askVersion(tools);
  if (version === undefined) {
    tools.log.warn('the installed server does not tell its version', { path: tools.places.bundle });
    return succeed();
  }
  return tools.installed.write({ ...installed.value, live: { version, identity, installedAt: tools.clock.now() } });
}

async function bundleIdentity({ files, places }: LiveTools): Promise<string | undefined> {
  const facts = await files.facts(places.bundle);
  return facts.ok && facts.value !== undefined ? folderIdentity(facts.value) : undefined;
}

/** The first thing in the program's words that looks like a version. */
async function askVersion({ checks, places }: LiveTools): Promise<string | undefined> {
  const output = await checks.smoke(places.bundle, undefined);
  return output.ok ? /\d+(?:\.\d+)+(?:-[\w.]+)?/.exec(output.value)?.[0] : undefined;
}
