import { dirname } from 'node:path';
import { type Result, succeed } from '../../../platform/result.ts';
import { decisiveFault, factsOf } from '../journal-entry.ts';
import { forgetManifests } from '../forget-manifests.ts';
import { blamesRelease, outcomeOf } from '../next-move.ts';
import { identityAt } from '../renames.ts';
import type { Step, StepContext } from '../step.ts';
import { stagingOf } from '../staging-places.ts';
import { readSwapPlan, removeSwapPlan, setDamagedPlanAside } from '../swap-plan.ts';

/**
 * Removes what this order made and nobody needs: its staging folder (with a bundle parked in it after a commit) and its
 * swap plan, and what only releases of before needed. Only by names and identities that were recorded; never "everything except".
 */
export const cleanUp: Step<'cleanUp'> = {
  async run(context) {
    const { tools, order, journal } = context;
    const marked = await markBadRelease(context);
    if (!marked.ok) {
      return marked;
    }
    if (outcomeOf(journal) === 'held') {
      // Something could not be put back: everything stays where it is until a person has looked.
      return succeed({ removed: [] });
    }
    const discarded = await discardRollbackCopy(context);
    if (!discarded.ok) {
      return discarded;
    }
    await forgetManifests(context);
    const folder = stagingOf(tools.places, order);
    const plan = await forgetPlan(context);
    const removed = plan.ok ? await removeForGood(context, folder) : plan;
    return removed.ok ? succeed({ removed: [folder] }) : removed;
  },
};

/** On disk before the order settles: a folder that came back with a power cut would be nobody's any more. */
async function removeForGood({ tools }: StepContext, folder: string): Promise<Result<void>> {
  const removed = await tools.files.removeTree(folder);
  const synced = removed.ok ? await tools.files.syncFolder(dirname(folder)) : removed;
  // An order that was refused early may never have made any folder there.
  return synced.ok || synced.fault.code !== 'not-found' ? synced : succeed();
}

/**
 * A rollback that restored data saved the data before it, to be able to turn back; once it is final, no kept release refers
 * to that copy. What was entered since lies beside the data until it expires. One that turned back has given it back or not
 * needed it, whole or half made; that of an update was begun while staging, and goes with that.
 */
async function discardRollbackCopy({ tools, order, journal }: StepContext): Promise<Result<void>> {
  const mayBeThere =
    order.kind === 'rollback' &&
    factsOf(journal, 'preflight')?.dataFormatChanges === true &&
    journal.some((entry) => entry.kind === 'began' && entry.step === 'backUp');
  return mayBeThere ? tools.data.discard(order.id) : succeed();
}

/** The plan goes first: with it, a later recovery would look for folders that are being removed. */
async function forgetPlan({ tools, order, journal }: StepContext): Promise<Result<void>> {
  const plan = await readSwapPlan(tools.files, tools.places.stateFolder);
  if (!plan.ok && plan.fault.code === 'record-corrupt') {
    return setDamagedPlanAside(tools.files, tools.places.stateFolder, tools.log);
  }
  const wasMade = journal.some((entry) => entry.kind === 'began' && entry.step === 'swap');
  const ofAnother = plan.ok && plan.value !== undefined && plan.value.orderId !== order.id;
  if (!plan.ok || !wasMade || ofAnother) {
    return plan.ok ? succeed() : plan;
  }
  // Also when it is gone: the fsync of the try that removed it may have failed, and a power cut would bring it back.
  const live = await identityAt(tools.files, tools.places.bundle);
  return live.ok ? removeSwapPlan(tools.files, tools.places.stateFolder) : live;
}

/** A release that failed by its own fault is not installed again without an explicit order. */
async function markBadRelease({ tools, journal }: StepContext): Promise<Result<void>> {
  const release = factsOf(journal, 'preflight')?.release;
  const fault = decisiveFault(journal);
  const outcome = outcomeOf(journal);
  if (release === undefined || fault === undefined || !blamesRelease(fault) || outcome === 'updated') {
    return succeed();
  }
  const record = await tools.installed.read();
  if (!record.ok) {
    return record;
  }
  const bad = record.value.bad.filter(({ manifestSha256 }) => manifestSha256 !== release.manifest.sha256);
  const mark = {
    version: release.version,
    manifestSha256: release.manifest.sha256,
    at: tools.clock.now(),
    code: fault.code,
  };
  return tools.installed.write({ ...record.value, bad: [...bad, mark] });
}
