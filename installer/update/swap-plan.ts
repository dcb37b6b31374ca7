import { type Static, Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { readIfPresent, setAside } from '../../platform/record-file.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

const SwapPlan = Type.Object({
  schema: Type.Literal(1),
  orderId: Type.String(),
  /** Identity of the bundle that shall be live. */
  next: Type.String(),
  renames: Type.Array(Type.Object({ identity: Type.String(), from: Type.String(), to: Type.String() })),
});

/** The renames of one swap, on disk before the first of them: with it, each folder is known even without a journal. */
export type SwapPlan = Static<typeof SwapPlan>;

const PLAN_NAME = 'swap-plan.json';
const PLAN_LIMIT = 64 * 1024;

/** The plan on disk; undefined when there is none. A damaged one is `record-corrupt`: it is written durably, so it can only be damage. */
export async function readSwapPlan(files: Files, stateFolder: string): Promise<Result<SwapPlan | undefined>> {
  const path = join(stateFolder, PLAN_NAME);
  const plan = await readIfPresent(files, { path, schema: SwapPlan, limit: PLAN_LIMIT });
  return !plan.ok && plan.fault.code === 'record-corrupt'
    ? fail(faultOf('record-corrupt', 'the plan of the swap is damaged', { path }))
    : plan;
}

/**
 * Sets a damaged plan aside, once no order can need it any more: one whole bundle is live, whatever it said. A plan that is
 * whole stays. The time in its new name is that of its last change.
 */
export async function setDamagedPlanAside(files: Files, stateFolder: string, log: Log): Promise<Result<void>> {
  const path = join(stateFolder, PLAN_NAME);
  const plan = await readSwapPlan(files, stateFolder);
  if (plan.ok || plan.fault.code !== 'record-corrupt') return plan.ok ? succeed() : plan;
  const facts = await files.facts(path);
  if (!facts.ok || facts.value === undefined) return facts.ok ? succeed() : facts;
  const changed = Math.trunc(facts.value.changedMs);
  const aside = await setAside({ files, log, clock: { now: () => changed } }, path, 'the plan of the swap is damaged');
  return aside.ok ? succeed() : aside;
}

/**
 * The plan on disk, to act by: that it is there is forced to disk first.
 *
 * Who wrote it may have been killed before its own fsync. Renames by a plan that a power cut then takes away could be
 * neither finished nor taken back by anybody.
 */
export async function relyOnSwapPlan(files: Files, stateFolder: string): Promise<Result<SwapPlan | undefined>> {
  const plan = await readSwapPlan(files, stateFolder);
  if (!plan.ok || plan.value === undefined) {
    return plan;
  }
  const synced = await files.syncFolder(stateFolder);
  return synced.ok ? plan : synced;
}

export async function writeSwapPlan(files: Files, stateFolder: string, plan: SwapPlan): Promise<Result<void>> {
  return files.writeDurably(join(stateFolder, PLAN_NAME), `${JSON.stringify(plan)}\n`, 0o600);
}

export async function removeSwapPlan(files: Files, stateFolder: string): Promise<Result<void>> {
  const removed = await files.remove(join(stateFolder, PLAN_NAME));
  return removed.ok ? files.syncFolder(stateFolder) : removed;
}
