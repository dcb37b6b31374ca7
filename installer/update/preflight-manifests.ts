import { join } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { rebuildManifest } from '../delta/rebuild-manifest.ts';
import type { FileManifest, Release } from '../release.ts';
import type { ReleaseSource } from '../repository/release-source.ts';
import type { LiveRelease } from './live-release.ts';
import { stagingOf } from './staging-places.ts';
import type { StepContext } from './step.ts';

/**
 * What the live release shipped: from disk, where the order that installed it kept it, else from the repository, which may know
 * it even of an installation that we did not make.
 *
 * Without it, what was added locally would stay behind. So where it is published but cannot be had or kept now, the order ends
 * while nothing is touched; undefined is a release that nobody knows (decision 0020).
 */
export async function shippedManifest(
  context: StepContext,
  source: ReleaseSource,
  offered: readonly Release[],
  live: LiveRelease,
): Promise<Result<string | undefined>> {
  const release = offered.find(({ version }) => version === live.version);
  const paths = [live.manifestFile, release && manifestPath(context, release)].filter((path) => path !== undefined);
  for (const path of paths) {
    const kept = await context.tools.staging.readManifest(path);
    if (kept.ok) {
      return succeed(path);
    }
    if (!isGone(kept.fault)) {
      return kept;
    }
  }
  if (release === undefined) {
    return succeed(undefined);
  }
  const manifest = await source.manifest(release, context.signal);
  return manifest.ok
    ? writeManifest(context, release, manifest.value)
    : fail(shippedUnknown(release.version, manifest.fault));
}

/** Not there, or no good any more; anything else is the disk's trouble of this moment. */
function isGone({ code }: Fault): boolean {
  return code === 'not-found' || code === 'record-corrupt' || code === 'too-large' || code === 'path-refused';
}

function shippedUnknown(version: string, cause: Fault): Fault {
  if (cause.code === 'cancelled') {
    return cause;
  }
  const detail = `the list of what version ${version} shipped cannot be fetched`;
  return faultOf('shipped-list-missing', detail, { values: { version }, cause });
}

/** Fetches the list of what the release ships and keeps it; returns its path. */
export async function keepManifest(
  { tools, signal }: StepContext,
  source: ReleaseSource,
  release: Release,
): Promise<Result<string>> {
  const manifest = await source.manifest(release, signal);
  return manifest.ok ? writeManifest({ tools }, release, manifest.value) : manifest;
}

async function writeManifest(
  { tools }: Pick<StepContext, 'tools'>,
  release: Release,
  manifest: FileManifest,
): Promise<Result<string>> {
  const path = manifestPath({ tools }, release);
  const written = await tools.staging.writeManifest(path, manifest);
  return written.ok ? succeed(path) : written;
}

/** Where the list of what a release ships is kept: by its own digest. */
export function manifestPath({ tools }: Pick<StepContext, 'tools'>, release: Release): string {
  return join(tools.places.manifestFolder, `${release.manifest.sha256}.json.zst`);
}

/**
 * A delta from the live release says what changes in its manifest, too: the next one is made of both, and not fetched.
 * Undefined where there is none or it does not fit; then the manifest itself is fetched.
 */
export async function keepDelta(
  { tools, order, signal }: StepContext,
  source: ReleaseSource,
  release: Release,
  from: string | undefined,
  shipped: string | undefined,
): Promise<string | undefined> {
  const published = release.deltas?.find((delta) => delta.from === from);
  const old = published === undefined || shipped === undefined ? undefined : await tools.staging.readManifest(shipped);
  if (published === undefined || old?.ok !== true) {
    return undefined;
  }
  const delta = await source.deltaManifest(release, published, signal);
  const next = delta.ok ? rebuildManifest(old.value, delta.value) : delta;
  const path = join(stagingOf(tools.places, order), 'delta.json.zst');
  const kept = delta.ok && next.ok ? await tools.staging.writeDeltaManifest(path, delta.value) : next;
  const written =
    next.ok && kept.ok ? await tools.staging.writeManifest(manifestPath({ tools }, release), next.value) : kept;
  if (written.ok) {
    return path;
  }
  tools.log.warn('the delta cannot be used', { from, code: written.fault.code, detail: written.fault.detail });
  return undefined;
}
