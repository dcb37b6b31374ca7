import { join } from 'node:path';
import { type Fault, faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { PACK_NAME } from '../../repository/layout.ts';
import type { EvictedTransfer, Transfer } from '../../transfer/transfer.ts';
import { bringFullInstead, bringRelease, decidedTransfer } from '../bring-release.ts';
import { carryOverRequest } from '../carry-over-request.ts';
import { withinDownloadHours } from '../download-window.ts';
import type { StepFacts } from '../facts.ts';
import { outcomeOf } from '../next-move.ts';
import { required, type Step, type StepContext } from '../step.ts';
import { stagingOf } from '../staging-places.ts';
import type { StageWork } from '../tools.ts';

/**
 * Makes the next bundle beside the live one, reads everything back against the signed manifest, and runs the staged server with
 * `--version`. What can be carried over and saved of the data while the server still works is done here too.
 */
export const stage: Step<'stage'> = {
  async run(context) {
    const { nextBundle, dataFormatChanges } = required(context, 'preflight');
    const staged = await stageAfresh(context, nextBundle);
    if (!staged.ok) {
      return staged;
    }
    const complete = await context.tools.checks.staged(context.tools.places.bundle, nextBundle);
    if (!complete.ok) {
      return complete;
    }
    const smoke = await smokeRun(context, nextBundle, staged.value);
    const rehearsed = smoke.ok ? await rehearseCarryOver(context) : smoke;
    if (!rehearsed.ok || !dataFormatChanges) {
      return rehearsed.ok ? smoke : rehearsed;
    }
    const prepared = await context.tools.data.prepare(context.order.id);
    return prepared.ok ? smoke : prepared;
  },
  async undo(context) {
    if (outcomeOf(context.journal) === 'held') {
      // Something could not be put back: the copy of the data may be the only good one.
      return succeed();
    }
    const { nextBundle } = required(context, 'preflight');
    const removed = await context.tools.files.removeTree(nextBundle);
    return removed.ok && !mayNeedData(context) ? context.tools.data.discard(context.order.id) : removed;
  },
};

/** A release that started may have converted the data; where policy leaves it so, a person needs the copy to go back. */
function mayNeedData({ journal, tools }: StepContext): boolean {
  const started = journal.some((entry) => entry.kind === 'began' && entry.step === 'start');
  return started && !tools.policy.restoreDataOnFallback;
}

/** Undefined, or the shorter way that could not be applied and was given up for the full pack. */
async function stageAfresh(context: StepContext, folder: string): Promise<Result<EvictedTransfer | undefined>> {
  const transfer = await decidedTransfer(context);
  const there = transfer.kind === 'full' ? await ensureFull(context) : succeed();
  const staged = there.ok ? await stageOnce(context, folder, transfer) : there;
  if (staged.ok || transfer.kind === 'full' || !isOfTransfer(staged.fault)) {
    return staged.ok ? succeed(undefined) : staged;
  }
  const full = await bringFullInstead(context, transfer, staged.fault);
  if (!full.ok) {
    return full;
  }
  const again = await stageOnce(context, folder, await decidedTransfer(context));
  return again.ok ? full : again;
}

/** A full pack that was fetched in place of a shorter way may have been cut off in an earlier try of this step. */
async function ensureFull(context: StepContext): Promise<Result<void>> {
  const { tools, order } = context;
  const facts = await tools.files.facts(join(stagingOf(tools.places, order), PACK_NAME));
  if (!facts.ok || facts.value !== undefined) return facts.ok ? succeed() : facts;
  const fetched = await withinDownloadHours(context, bringRelease);
  return fetched.ok ? succeed() : fetched;
}

/** Faults that come of what was fetched, or of installed files that changed meanwhile: another way has neither. */
function isOfTransfer(fault: Fault): boolean {
  return ['archive-invalid', 'digest-mismatch', 'record-corrupt', 'not-found', 'path-refused'].includes(fault.code);
}

async function stageOnce(context: StepContext, folder: string, transfer: Transfer): Promise<Result<void>> {
  const { tools, order } = context;
  const { nextManifest, shippedManifest, deltaManifest } = required(context, 'preflight');
  if (nextManifest === undefined) {
    return fail(faultOf('release-unknown', 'preflight kept no manifest'));
  }
  // Half of an earlier try may lie there; staging wants a new folder.
  const removed = await tools.files.removeTree(folder);
  if (!removed.ok) {
    return removed;
  }
  const startedAt = tools.clock.monotonic();
  const work: StageWork = {
    manifest: nextManifest,
    folder,
    transfer,
    packFolder: stagingOf(tools.places, order),
    bundle: tools.places.bundle,
    ...(transfer.kind !== 'delta' || shippedManifest === undefined || deltaManifest === undefined
      ? {}
      : { delta: { oldManifest: shippedManifest, manifest: deltaManifest } }),
  };
  const onProgress = (doneBytes: number, totalBytes: number): void => {
    const seconds = (tools.clock.monotonic() - startedAt) / 1000;
    context.note({ kind: 'transfer', doneBytes, totalBytes, rate: seconds > 0 ? doneBytes / seconds : 0 });
  };
  return tools.staging.stage(work, onProgress, context.signal);
}

/** A file that cannot be carried refuses the order here, before anybody is warned; and most bytes move before the stop. */
async function rehearseCarryOver(context: StepContext): Promise<Result<void>> {
  const request = await carryOverRequest(context);
  const report = request.ok ? await context.tools.carryOver.carry(request.value) : request;
  return report.ok ? succeed() : report;
}

async function smokeRun(
  context: StepContext,
  bundle: string,
  evicted: EvictedTransfer | undefined,
): Promise<Result<StepFacts['stage']>> {
  const output = await context.tools.checks.smoke(bundle, required(context, 'preflight').to);
  if (!output.ok) {
    return output;
  }
  return succeed({ smokeOutput: output.value.trim().slice(0, 200), ...(evicted === undefined ? {} : { evicted }) });
}
