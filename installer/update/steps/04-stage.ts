import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { carryOverRequest } from '../carry-over-request.ts';
import type { StepFacts } from '../facts.ts';
import { outcomeOf } from '../next-move.ts';
import { required, type Step, type StepContext } from '../step.ts';

/**
 * Unpacks beside the live bundle, reads everything back against the signed manifest, and runs the staged server with
 * `--version`. What can be carried over and saved of the data while the server still works is done here too.
 */
export const stage: Step<'stage'> = {
  async run(context) {
    const { nextBundle, dataFormatChanges } = required(context, 'preflight');
    const unpacked = await unpackAfresh(context, nextBundle);
    if (!unpacked.ok) {
      return unpacked;
    }
    const complete = await context.tools.checks.staged(context.tools.places.bundle, nextBundle);
    if (!complete.ok) {
      return complete;
    }
    const smoke = await smokeRun(context, nextBundle);
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

async function unpackAfresh(context: StepContext, folder: string): Promise<Result<void>> {
  const { nextManifest } = required(context, 'preflight');
  if (nextManifest === undefined) {
    return fail(faultOf('release-unknown', 'preflight kept no manifest'));
  }
  const manifest = await context.tools.staging.readManifest(nextManifest);
  // Half of an earlier try may lie there; unpacking wants a new folder.
  const removed = await context.tools.files.removeTree(folder);
  if (!manifest.ok || !removed.ok) {
    return manifest.ok ? removed : manifest;
  }
  const { packFile } = required(context, 'download');
  const startedAt = context.tools.clock.monotonic();
  return context.tools.staging.unpack(
    { manifest: manifest.value, packFile, folder },
    (doneBytes, totalBytes) => {
      const seconds = (context.tools.clock.monotonic() - startedAt) / 1000;
      context.note({ kind: 'transfer', doneBytes, totalBytes, rate: seconds > 0 ? doneBytes / seconds : 0 });
    },
    context.signal,
  );
}

/** A file that cannot be carried refuses the order here, before anybody is warned; and most bytes move before the stop. */
async function rehearseCarryOver(context: StepContext): Promise<Result<void>> {
  const request = await carryOverRequest(context);
  const report = request.ok ? await context.tools.carryOver(request.value) : request;
  return report.ok ? succeed() : report;
}

async function smokeRun(context: StepContext, bundle: string): Promise<Result<StepFacts['stage']>> {
  const output = await context.tools.checks.smoke(bundle, required(context, 'preflight').to);
  return output.ok ? succeed({ smokeOutput: output.value.trim().slice(0, 200) }) : output;
}
