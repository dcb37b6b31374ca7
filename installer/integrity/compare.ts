import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files, WalkedEntry } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { inFlight } from '../pack/in-flight.ts';
import type { FileManifest, ManifestEntry } from '../release.ts';
import type { StatCache } from './stat-cache.ts';

/** How an entry differs: another kind of entry, other bytes, other permission bits, another link target. */
export type Difference = 'kind' | 'content' | 'mode' | 'target';

export interface Comparison {
  /** Sorted by path; the first difference met in the order of `Difference` is named. */
  readonly changed: readonly { readonly path: string; readonly difference: Difference }[];
  readonly missing: readonly string[];
  /** On disk, but not in the manifest; of an added folder also everything in it. */
  readonly added: readonly string[];
}

export interface CompareDependencies {
  readonly files: Files;
  readonly clock: Clock;
  readonly machine: Pick<Machine, 'operatingSystem'>;
}

export interface CompareRequest {
  /** The bundle's folder, absolute. */
  readonly bundle: string;
  readonly manifest: FileManifest;
  /** Without one every file is read: the only proof before a bundle goes live. */
  readonly cache?: StatCache | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files read at the same time: most are small, and opening takes longer than reading. */
const READS_IN_FLIGHT = 4;

/** Compares a bundle on disk with its manifest, entry by entry. Errors: `bundle-missing`, `cancelled`, the disk's. */
export async function compareBundle(
  dependencies: CompareDependencies,
  request: CompareRequest,
): Promise<Result<Comparison>> {
  const root = await dependencies.files.facts(request.bundle);
  if (!root.ok) return root;
  if (root.value?.kind !== 'folder')
    return fail(faultOf('bundle-missing', 'there is no folder to compare', { path: request.bundle }));
  const expected = new Map(request.manifest.entries.map((entry) => [entry.path, entry]));
  const changed: { path: string; difference: Difference }[] = [];
  const added: string[] = [];
  const compared = await inFlight(READS_IN_FLIGHT, dependencies.files.walk(request.bundle), async (walked) => {
    if (request.signal?.aborted === true) return fail(faultOf('cancelled', 'the comparison was cancelled'));
    if (!walked.ok) return walked;
    const { path } = walked.value;
    const entry = expected.get(path);
    if (entry === undefined) {
      added.push(path);
      return succeed();
    }
    expected.delete(path);
    const difference = await differenceOf(dependencies, request, entry, walked.value);
    if (!difference.ok) return difference;
    if (difference.value !== undefined) changed.push({ path, difference: difference.value });
    return succeed();
  });
  if (!compared.ok) return compared;
  return succeed({
    changed: changed.sort((a, b) => compareText(a.path, b.path)),
    missing: [...expected.keys()].sort(compareText),
    added: added.sort(compareText),
  });
}

/** Nothing changed, nothing missing, nothing added. */
export function isIdentical(comparison: Comparison): boolean {
  return comparison.changed.length === 0 && comparison.missing.length === 0 && comparison.added.length === 0;
}

async function differenceOf(
  dependencies: CompareDependencies,
  request: CompareRequest,
  entry: ManifestEntry,
  walked: WalkedEntry,
): Promise<Result<Difference | undefined>> {
  if (entry.kind !== walked.facts.kind) return succeed('kind');
  const path = join(request.bundle, entry.path);
  switch (entry.kind) {
    case 'folder':
      return succeed(modeDiffers(dependencies, entry.mode, walked.facts) ? 'mode' : undefined);
    case 'link': {
      const target = await dependencies.files.readLink(path);
      if (!target.ok) return target;
      return succeed(target.value === entry.target ? undefined : 'target');
    }
    case 'file': {
      if (walked.facts.size !== entry.size) return succeed('content');
      const digest = await digestOf(dependencies, request, walked, path);
      if (!digest.ok) return digest;
      if (digest.value !== entry.sha256) return succeed('content');
      return succeed(modeDiffers(dependencies, entry.mode, walked.facts) ? 'mode' : undefined);
    }
  }
}

async function digestOf(
  dependencies: CompareDependencies,
  request: CompareRequest,
  walked: WalkedEntry,
  path: string,
): Promise<Result<string>> {
  const recalled = request.cache?.recall(walked.path, walked.facts);
  if (recalled !== undefined) return succeed(recalled);
  const readAt = dependencies.clock.now();
  const digest = await dependencies.files.digest(path);
  if (digest.ok) request.cache?.remember(walked.path, walked.facts, digest.value, readAt);
  return digest;
}

/** Windows has no permission bits: what lstat says there is made up from the read-only attribute. */
function modeDiffers(dependencies: CompareDependencies, mode: number, facts: FileFacts): boolean {
  return dependencies.machine.operatingSystem !== 'windows' && facts.mode !== mode;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
