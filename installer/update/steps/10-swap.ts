import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { ensureStopped } from '../ensure-stopped.ts';
import { type FolderRename, identityAt, makeRenames, undoRenames } from '../renames.ts';
import { required, type Step, type StepContext } from '../step.ts';
import { parkedBundleOf, stagingOf } from '../staging-places.ts';
import { relyOnSwapPlan, removeSwapPlan, type SwapPlan, writeSwapPlan } from '../swap-plan.ts';

/** `X` → `X_old`, the new one → `X`: renames on one volume, planned on disk before the first, known by folder identity. */
export const swap: Step<'swap'> = {
  async run(context) {
    const stopped = await ensureStopped(context);
    if (!stopped.ok) {
      return stopped;
    }
    const plan = await planOf(context);
    if (!plan.ok) {
      return plan;
    }
    const made = await makeRenames(context.tools.files, plan.value.renames);
    return made.ok ? succeed({ oldBundle: oldPlace(context) }) : made;
  },
  async undo(context) {
    const { files, places } = context.tools;
    const plan = await relyOnSwapPlan(files, places.stateFolder);
    if (!plan.ok || plan.value?.orderId !== context.order.id) {
      // No plan of this order: not one rename was made, or the plan was removed by a try whose fsync failed.
      return plan.ok ? files.syncFolder(places.stateFolder) : plan;
    }
    const stopped = await ensureStopped(context);
    const undone = stopped.ok ? await undoRenames(files, plan.value.renames) : stopped;
    return undone.ok ? removeSwapPlan(files, places.stateFolder) : undone;
  },
};

/** The plan of this order: the one on disk if a crash came after it, else a new one. */
async function planOf(context: StepContext): Promise<Result<SwapPlan>> {
  const { files, places } = context.tools;
  const found = await relyOnSwapPlan(files, places.stateFolder);
  if (found.ok && found.value?.orderId === context.order.id) {
    return succeed(found.value);
  }
  const renames = await planRenames(context);
  if (!renames.ok) {
    return renames;
  }
  const next = renames.value.at(-1);
  if (next === undefined) {
    return fail(faultOf('bundle-missing', 'there is nothing to put in place', { path: places.bundle }));
  }
  const plan: SwapPlan = { schema: 1, orderId: context.order.id, next: next.identity, renames: [...renames.value] };
  const written = await writeSwapPlan(files, places.stateFolder, plan);
  return written.ok ? succeed(plan) : written;
}

async function planRenames(context: StepContext): Promise<Result<readonly FolderRename[]>> {
  const { files, places } = context.tools;
  const { nextBundle } = required(context, 'preflight');
  const made = await files.makeFolder(stagingOf(places, context.order), 0o700);
  if (!made.ok) {
    return made;
  }
  const moves = [
    // An older X_old makes room, but is kept until the new version has proven itself.
    ...(context.order.kind === 'update'
      ? [{ from: places.oldBundle, to: parkedBundleOf(places, context.order), optional: true }]
      : []),
    { from: places.bundle, to: oldPlace(context), optional: false },
    { from: nextBundle, to: places.bundle, optional: false },
  ];
  const renames: FolderRename[] = [];
  for (const { from, to, optional } of moves) {
    const identity = await identityAt(files, from);
    if (!identity.ok) {
      return identity;
    }
    if (identity.value === undefined && !optional) {
      return fail(faultOf('bundle-missing', 'a bundle that takes part in the swap is not there', { path: from }));
    }
    if (identity.value !== undefined) {
      renames.push({ identity: identity.value, from, to });
    }
  }
  return succeed(renames);
}

/** Where the bundle that was live goes: `X_old`; in a rollback `X_old` is the one that comes back, so it is parked. */
function oldPlace({ tools, order }: StepContext): string {
  return order.kind === 'update' ? tools.places.oldBundle : parkedBundleOf(tools.places, order);
}
