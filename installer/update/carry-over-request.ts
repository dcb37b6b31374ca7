import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { CarryOverReport, CarryOverRequest } from '../carry-over/carry-over.ts';
import { required, type StepContext } from './step.ts';

/** What has to be carried for this order: the three sides, by the manifests that preflight kept. */
export async function carryOverRequest(context: StepContext): Promise<Result<CarryOverRequest>> {
  const { tools } = context;
  const { nextBundle, nextManifest, shippedManifest } = required(context, 'preflight');
  if (nextManifest === undefined) {
    return fail(faultOf('release-unknown', 'preflight kept no manifest'));
  }
  const next = await tools.staging.readManifest(nextManifest);
  const shipped = shippedManifest === undefined ? undefined : await tools.staging.readManifest(shippedManifest);
  if (!next.ok || shipped?.ok === false) {
    return next.ok ? (shipped as Result<never>) : next;
  }
  const installed = await tools.installed.read();
  if (!installed.ok) {
    return installed;
  }
  const { live } = installed.value;
  return succeed({
    installed: tools.places.bundle,
    staged: nextBundle,
    rules: tools.carryOverRules,
    next: next.value,
    ...(shipped === undefined ? {} : { shipped: shipped.value }),
    // Our own record, written by the same step of the last update.
    ...(live?.carryOver === undefined ? {} : { previous: live.carryOver as CarryOverReport }),
  });
}
