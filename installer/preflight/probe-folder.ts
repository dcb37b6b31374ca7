import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies } from './check.ts';

const PROBE_NAME = /^om-launcher-probe-[0-9a-f]{12}(-renamed|\.cmd)?$/;
/** The only thing that ever lies in a probe folder. */
export const PROBE_ENTRY = 'probe';
/** Younger ones may belong to a preflight of another launcher that runs right now. */
const LEFTOVER_AGE_MS = 10 * 60_000;

/** A name that no other preflight uses, recognised later as ours. */
export function probeName(): string {
  return `om-launcher-probe-${randomBytes(6).toString('hex')}`;
}

/** Removes what a crashed preflight left; only names, ages and contents that are ours. */
export async function clearProbes(
  { files, clock }: Pick<PreflightDependencies, 'files' | 'clock'>,
  folder: string,
): Promise<Result<void>> {
  const names = await files.list(folder);
  if (!names.ok) return names;
  for (const name of names.value.filter((each) => PROBE_NAME.test(each))) {
    const path = join(folder, name);
    const facts = await files.facts(path);
    if (!facts.ok || facts.value === undefined) continue;
    if (facts.value.modifiedMs < clock.now() - LEFTOVER_AGE_MS) await removeProbe(files, path);
  }
  return succeed();
}

/** Never a tree: a folder with anything else in it stays. What a scanner holds for a moment is tried once more. */
export async function removeProbe(files: Files, path: string): Promise<void> {
  for (const entry of [join(path, PROBE_ENTRY), path]) {
    const removed = await files.remove(entry);
    if (!removed.ok) await files.remove(entry);
  }
}
