import { join } from 'node:path';
import { type Fault, faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { rebuildManifest } from '../../delta/rebuild-manifest.ts';
import type { FileManifest, Release } from '../../release.ts';
import type { ReleaseSource } from '../../repository/release-source.ts';
import { chooseRelease, eligibilityFor } from '../choose-release.ts';
import type { StepFacts } from '../facts.ts';
import { folderIdentity } from '../facts.ts';
import { type LiveRelease, liveRelease } from '../live-release.ts';
import { outcomeOf } from '../next-move.ts';
import { type Step, type StepContext } from '../step.ts';
import { stagedBundleOf, stagingOf } from '../staging-places.ts';

type Facts = StepFacts['preflight'];

/** Everything that can refuse the order, before anybody is disturbed. */
export const preflight: Step<'preflight'> = {
  run: async (context) => (context.order.kind === 'update' ? preflightUpdate(context) : preflightRollback(context)),
  async undo({ tools, order, journal }) {
    return outcomeOf(journal) === 'held' ? succeed() : tools.files.removeTree(stagingOf(tools.places, order));
  },
};

async function preflightUpdate(context: StepContext): Promise<Result<Facts>> {
  const { tools, order } = context;
  const source = await tools.openSource(order);
  if (!source.ok) {
    return source;
  }
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const installed = record.value;
  const live = await liveRelease(tools, installed);
  const offered = await source.value.refresh(context.signal);
  if (!offered.ok) {
    return offered;
  }
  const release = chooseRelease(
    offered.value,
    order.version,
    live.version,
    await eligibilityFor(tools, installed, order),
  );
  if (!release.ok) {
    return release;
  }
  const checked = await tools.checks.preflight(
    {
      order,
      release: release.value,
      source: source.value,
      ...(live.version === undefined ? {} : { from: live.version }),
    },
    context.signal,
  );
  return checked.ok ? describeUpdate(context, source.value, offered.value, release.value, live) : checked;
}

async function describeUpdate(
  context: StepContext,
  source: ReleaseSource,
  offered: readonly Release[],
  release: Release,
  live: LiveRelease,
): Promise<Result<Facts>> {
  const known = await shippedManifest(context, source, offered, live);
  if (!known.ok) {
    return known;
  }
  const shipped = known.value;
  const delta = await keepDelta(context, source, release, live.version, shipped);
  const next = delta === undefined ? await keepManifest(context, source, release) : succeed();
  if (!next.ok) {
    return next;
  }
  const oldFormat =
    live.dataFormat ??
    context.tools.policy.dataFormat ??
    offered.find(({ version }) => version === live.version)?.dataFormat;
  return succeed({
    to: release.version,
    release,
    // An unknown old format counts as a change: one backup too many harms nobody.
    dataFormatChanges: oldFormat !== release.dataFormat,
    nextBundle: stagedBundleOf(context.tools.places, context.order),
    nextManifest: manifestPath(context, release),
    ...(delta === undefined ? {} : { deltaManifest: delta }),
    ...(live.version === undefined ? {} : { from: live.version }),
    ...(oldFormat === undefined ? {} : { fromDataFormat: oldFormat }),
    ...(shipped === undefined ? {} : { shippedManifest: shipped }),
  });
}

/**
 * What the live release shipped: from disk, where the order that installed it kept it, else from the repository, which may know
 * it even of an installation that we did not make.
 *
 * Without it, what was added locally would stay behind. So where it is published but cannot be had or kept now, the order ends
 * while nothing is touched; undefined is a release that nobody knows (decision 0020).
 */
async function shippedManifest(
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

async function keepManifest(
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

function manifestPath({ tools }: Pick<StepContext, 'tools'>, release: Release): string {
  return join(tools.places.manifestFolder, `${release.manifest.sha256}.json.zst`);
}

/**
 * A delta from the live release says what changes in its manifest, too: the next one is made of both, and not fetched.
 * Undefined where there is none or it does not fit; then the manifest itself is fetched.
 */
async function keepDelta(
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

async function preflightRollback(context: StepContext): Promise<Result<Facts>> {
  const { tools, order } = context;
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const installed = record.value;
  const kept = installed.kept.find(({ version }) => order.version === undefined || version === order.version);
  const facts = kept === undefined ? undefined : await tools.files.facts(kept.path);
  const present = facts?.ok === true && facts.value !== undefined && folderIdentity(facts.value) === kept?.identity;
  if (kept === undefined || !present) {
    return fail(
      faultOf('nothing-to-do', 'no earlier release is kept on this machine', { path: tools.places.oldBundle }),
    );
  }
  const dataFormatChanges = kept.dataFormat !== installed.live?.dataFormat;
  if (dataFormatChanges && !(await mayRestore(context, kept.backupId))) {
    const detail = `version ${kept.version} cannot read data in the format ${installed.live?.dataFormat ?? 'of the live version'}`;
    return fail(faultOf('data-format-changed', detail, { values: { version: kept.version } }));
  }
  const from = installed.live?.version;
  const checked = await tools.checks.preflight({ order, ...(from === undefined ? {} : { from }) }, context.signal);
  if (!checked.ok) {
    return checked;
  }
  return succeed({
    to: kept.version,
    dataFormatChanges,
    nextBundle: kept.path,
    ...(from === undefined ? {} : { from }),
    ...(dataFormatChanges && kept.backupId !== undefined ? { backupToRestore: kept.backupId } : {}),
  });
}

/** Going back over a data format loses what was entered since: only on a person's explicit word, and with a backup. */
async function mayRestore({ order, tools }: StepContext, backupId: string | undefined): Promise<boolean> {
  if (order.restoreData !== true || backupId === undefined) {
    return false;
  }
  const there = await tools.data.exists(backupId);
  return there.ok && there.value;
}
