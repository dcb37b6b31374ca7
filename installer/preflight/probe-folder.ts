import { createHash, randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { finishedName } from '../../platform/unfinished-writes.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies } from './check.ts';

/** The tag of the bundle came later: a probe without one may be of an earlier launcher. */
const PROBE_NAME = /^om-launcher-probe-(?:([0-9a-f]{6})-)?[0-9a-f]{12}(-renamed|\.cmd)?$/;
/** The only thing that ever lies in a probe folder, whole or half written. */
export const PROBE_ENTRY = 'probe';
/** Younger ones may belong to a preflight of another launcher that runs right now. */
const LEFTOVER_AGE_MS = 10 * 60_000;

/** A name that no other preflight uses, recognised later as that of this bundle's launcher. */
export function probeName(bundle: string): string {
  return `om-launcher-probe-${tagOf(bundle)}-${randomBytes(6).toString('hex')}`;
}

/** Launchers that share a folder have bundles of other names in it. */
function tagOf(bundle: string): string {
  return createHash('sha256').update(basename(bundle)).digest('hex').slice(0, 6);
}

/** Whose probes are nobody's any more: those of this bundle that are older than its launcher. */
export interface ProbeOwner {
  readonly bundle: string;
  /** When the launcher started, by the wall clock. */
  readonly since: number;
}

/** Removes what a crashed preflight left; only names, ages and contents that are ours. The owner's need not grow old. */
export async function clearProbes(
  { files, clock }: Pick<PreflightDependencies, 'files' | 'clock'>,
  folder: string,
  owner?: ProbeOwner,
): Promise<Result<void>> {
  const names = await files.list(folder);
  if (!names.ok) return names;
  for (const name of names.value.filter((each) => PROBE_NAME.test(finishedName(each)))) {
    const path = join(folder, name);
    const facts = await files.facts(path);
    if (!facts.ok || facts.value === undefined) continue;
    if (facts.value.modifiedMs < leftoverBefore(name, clock.now(), owner)) await removeProbe(files, path);
  }
  return succeed();
}

function leftoverBefore(name: string, now: number, owner: ProbeOwner | undefined): number {
  const old = now - LEFTOVER_AGE_MS;
  const own = owner !== undefined && PROBE_NAME.exec(finishedName(name))?.[1] === tagOf(owner.bundle);
  return own ? Math.max(old, owner.since) : old;
}

/** Never a tree: a folder with anything else in it stays. What a scanner holds for a moment is tried once more. */
export async function removeProbe(files: Files, path: string): Promise<void> {
  const inside = await files.list(path);
  const own = (inside.ok ? inside.value : []).filter((name) => finishedName(name) === PROBE_ENTRY);
  for (const entry of [...own.map((name) => join(path, name)), path]) {
    const removed = await files.remove(entry);
    if (!removed.ok) await files.remove(entry);
  }
}
