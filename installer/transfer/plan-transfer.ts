import type { DeltaPlan } from '../delta/plan-delta.ts';
import { EMPTY_SHA256, packLength } from '../pack/manifest-rules.ts';
import type { FileManifest, PackObject, ReleaseDelta } from '../release.ts';
import type { InstalledContents } from './installed-contents.ts';
import type { Transfer } from './transfer.ts';

/** What one request costs besides its answer, about: headers both ways. */
const REQUEST_BYTES = 700;
/** Unneeded objects between two needed ones that are fetched along, so that both come with one request. */
const GAP_BYTES = 16 * 1024;

export interface TransferChoice {
  /** Of the new release. */
  readonly manifest: FileManifest;
  readonly installed: InstalledContents;
  /** A delta from the installed release, planned against both manifests. */
  readonly delta?: { readonly published: ReleaseDelta; readonly plan: DeltaPlan } | undefined;
}

/**
 * The smallest way to a release: its delta, the objects of its pack that hold what is not on disk, or the whole pack. Pure.
 *
 * A delta and objects are mixed where installed files were changed: what patches cannot make comes as objects.
 */
export function planTransfer(choice: TransferChoice): Transfer {
  const { manifest, installed } = choice;
  const full: Transfer = { kind: 'full', bytes: packLength(manifest) };
  const missing = new Set([...contentsOf(manifest)].filter((sha256) => !installed.has(sha256)));
  const byObjects = withObjects(manifest, installed, missing);
  const byDelta = withDelta(choice, missing);
  return [byObjects, byDelta].reduce<Candidate>(
    (best, next) => (next !== undefined && next.cost < best.cost ? next : best),
    { transfer: full, cost: full.bytes + REQUEST_BYTES },
  ).transfer;
}

interface Candidate {
  readonly transfer: Transfer;
  /** Bytes of answers and of requests. */
  readonly cost: number;
}

function withObjects(
  manifest: FileManifest,
  installed: InstalledContents,
  missing: ReadonlySet<string>,
): Candidate | undefined {
  if (missing.size > 0 && installed.size === 0) return undefined;
  const picked = pickObjects(manifest.objects, missing);
  const sources = sourcesOf(installed, contentsOf(manifest));
  const transfer: Transfer = { kind: 'objects', bytes: picked.bytes, objects: [...picked.places], sources };
  return { transfer, cost: picked.bytes + picked.requests * REQUEST_BYTES };
}

function withDelta(choice: TransferChoice, missing: ReadonlySet<string>): Candidate | undefined {
  const { manifest, installed, delta } = choice;
  if (delta === undefined) return undefined;
  const usable = delta.plan.patches.filter(({ sources }) => sources.every(({ sha256 }) => installed.has(sha256)));
  const made = new Set(usable.flatMap(({ contents }) => contents.map(({ sha256 }) => sha256)));
  if (made.size === 0) return undefined;
  const picked = pickObjects(manifest.objects, new Set([...missing].filter((sha256) => !made.has(sha256))));
  const patched = usable.flatMap(({ sources }) => sources.map(({ sha256 }) => sha256));
  const { from, pack } = delta.published;
  const bytes = pack.length + picked.bytes;
  const sources = sourcesOf(installed, new Set([...contentsOf(manifest), ...patched]));
  const transfer: Transfer = { kind: 'delta', from, bytes, objects: [...picked.places], sources };
  return { transfer, cost: bytes + (picked.requests + 1) * REQUEST_BYTES };
}

interface Picked {
  readonly places: readonly number[];
  readonly bytes: number;
  readonly requests: number;
}

/** The objects that hold missing contents, and small ones between them. */
function pickObjects(objects: readonly PackObject[], missing: ReadonlySet<string>): Picked {
  const places: number[] = [];
  let [bytes, requests] = [0, 0];
  let gap: { places: number[]; bytes: number } | undefined;
  for (const [place, object] of objects.entries()) {
    if (!object.contents.some((sha256) => missing.has(sha256))) {
      gap?.places.push(place);
      if (gap !== undefined) gap.bytes += object.length;
      continue;
    }
    if (gap !== undefined && gap.bytes <= GAP_BYTES) {
      places.push(...gap.places);
      bytes += gap.bytes;
    } else requests += 1;
    places.push(place);
    bytes += object.length;
    gap = { places: [], bytes: 0 };
  }
  return { places, bytes, requests };
}

export function contentsOf(manifest: FileManifest): ReadonlySet<string> {
  const contents = new Set(manifest.entries.flatMap((entry) => (entry.kind === 'file' ? [entry.sha256] : [])));
  contents.delete(EMPTY_SHA256);
  return contents;
}

function sourcesOf(installed: InstalledContents, wanted: ReadonlySet<string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...installed].filter(([sha256]) => wanted.has(sha256)));
}
