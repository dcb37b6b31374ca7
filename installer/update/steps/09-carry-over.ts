import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { CarryOverReport } from '../../carry-over/carry-over.ts';
import type { FileManifest } from '../../release.ts';
import { ensureStopped } from '../ensure-stopped.ts';
import { nothingToUndo, required, type Step, type StepContext } from '../step.ts';

/** Carries preferences, backup settings, certificates and names into the staged bundle; the installed one is only read. */
export const carryOver: Step<'carryOver'> = {
  async run(context) {
    const stopped = await ensureStopped(context);
    if (!stopped.ok) {
      return stopped;
    }
    const manifests = await readManifests(context);
    if (!manifests.ok) {
      return manifests;
    }
    const { tools } = context;
    const { live } = await tools.installed.read();
    const { nextBundle } = required(context, 'preflight');
    const report = await tools.carryOver({
      installed: tools.places.bundle,
      staged: nextBundle,
      rules: tools.carryOverRules,
      next: manifests.value.next,
      ...(manifests.value.shipped === undefined ? {} : { shipped: manifests.value.shipped }),
      // Our own record, written by this step of the last update.
      ...(live?.carryOver === undefined ? {} : { previous: live.carryOver as CarryOverReport }),
    });
    const opened = report.ok ? await tools.staging.open(nextBundle, manifests.value.next) : report;
    return opened.ok ? report : opened;
  },
  // The staged bundle is thrown away as a whole when `stage` is undone.
  undo: nothingToUndo,
};

async function readManifests(
  context: StepContext,
): Promise<Result<{ readonly next: FileManifest; readonly shipped?: FileManifest }>> {
  const { nextManifest, shippedManifest } = required(context, 'preflight');
  if (nextManifest === undefined) {
    return fail(faultOf('release-unknown', 'preflight kept no manifest'));
  }
  const next = await context.tools.staging.readManifest(nextManifest);
  if (!next.ok || shippedManifest === undefined) {
    return next.ok ? succeed({ next: next.value }) : next;
  }
  const shipped = await context.tools.staging.readManifest(shippedManifest);
  return shipped.ok ? succeed({ next: next.value, shipped: shipped.value }) : shipped;
}
