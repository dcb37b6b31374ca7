import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { InstalledRecord, KeptRecord, ReleaseRecord } from '../installed.ts';
import { factsOf } from '../journal-entry.ts';
import { identityAt } from '../renames.ts';
import { required, type Step, type StepContext } from '../step.ts';
import { readSwapPlan, type SwapPlan } from '../swap-plan.ts';

/** The point of no return: the record says what is live and what is kept; from now on nothing is undone. */
export const commit: Step<'commit'> = {
  async run(context) {
    const { tools } = context;
    const identity = await identityAt(tools.files, tools.places.bundle);
    const plan = await readSwapPlan(tools.files, tools.places.stateFolder);
    if (!identity.ok || !plan.ok || identity.value === undefined) {
      return identity.ok ? fail(plan.ok ? missing(context) : plan.fault) : identity;
    }
    const before = await tools.installed.read();
    const written = before.ok
      ? await tools.installed.write(recordAfter(context, before.value, identity.value, plan.value))
      : before;
    if (!written.ok) {
      return written;
    }
    tools.server.resume();
    return succeed({ live: required(context, 'preflight').to });
  },
};

function missing({ tools }: StepContext): ReturnType<typeof faultOf> {
  return faultOf('bundle-missing', 'the live bundle is not there', { path: tools.places.bundle });
}

function recordAfter(
  context: StepContext,
  before: InstalledRecord,
  identity: string,
  plan: SwapPlan | undefined,
): InstalledRecord {
  if (before.live?.identity === identity) {
    // A crash came after the record was written: it is as it must be.
    return before;
  }
  return context.order.kind === 'update'
    ? afterUpdate(context, before, identity, plan)
    : { ...before, live: afterRollback(before, identity, context), kept: [] };
}

function afterUpdate(
  context: StepContext,
  before: InstalledRecord,
  identity: string,
  plan: SwapPlan | undefined,
): InstalledRecord {
  const { tools, order } = context;
  const { release, from, fromDataFormat, shippedManifest, nextManifest, to } = required(context, 'preflight');
  const report = factsOf(context.journal, 'carryOver');
  const backup = factsOf(context.journal, 'backUp')?.backupId;
  const oldIdentity = plan?.renames.find((rename) => rename.to === tools.places.oldBundle)?.identity;
  const now = tools.clock.now();
  const old: ReleaseRecord = {
    ...(before.live ?? {}),
    version: from ?? before.live?.version ?? '?',
    identity: oldIdentity ?? '',
    installedAt: before.live?.installedAt ?? 0,
    // The record of an installation that we did not make lacks it; without it a rollback would look like a conversion.
    ...(fromDataFormat === undefined ? {} : { dataFormat: fromDataFormat }),
    ...(shippedManifest === undefined ? {} : { manifestFile: shippedManifest }),
  };
  const kept: KeptRecord = {
    ...old,
    path: tools.places.oldBundle,
    keptUntil: now + tools.policy.keepOldMs,
    ...(backup === undefined ? {} : { backupId: backup }),
  };
  return {
    schema: 1,
    live: {
      version: to,
      identity,
      installedAt: now,
      orderId: order.id,
      ...(release === undefined ? {} : { dataFormat: release.dataFormat }),
      ...(nextManifest === undefined ? {} : { manifestFile: nextManifest }),
      ...(report === undefined ? {} : { carryOver: report }),
    },
    kept: oldIdentity === undefined ? [] : [kept],
    bad: before.bad.filter(({ manifestSha256 }) => manifestSha256 !== release?.manifest.sha256),
  };
}

function afterRollback(before: InstalledRecord, identity: string, context: StepContext): ReleaseRecord {
  const kept = before.kept.find((candidate) => candidate.identity === identity);
  return {
    version: required(context, 'preflight').to,
    identity,
    installedAt: context.tools.clock.now(),
    orderId: context.order.id,
    ...(kept?.dataFormat === undefined ? {} : { dataFormat: kept.dataFormat }),
    ...(kept?.manifestFile === undefined ? {} : { manifestFile: kept.manifestFile }),
    ...(kept?.carryOver === undefined ? {} : { carryOver: kept.carryOver }),
  };
}
