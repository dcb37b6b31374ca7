import { type Result, succeed } from '../../../platform/result.ts';
import type { Release } from '../../release.ts';
import type { ReleaseSource } from '../../repository/release-source.ts';
import { chooseRelease, eligibilityFor } from '../choose-release.ts';
import type { StepFacts } from '../facts.ts';
import { type LiveRelease, liveRelease } from '../live-release.ts';
import { outcomeOf } from '../next-move.ts';
import { keepDelta, keepManifest, manifestPath, shippedManifest } from '../preflight-manifests.ts';
import { preflightRollback } from '../preflight-rollback.ts';
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
