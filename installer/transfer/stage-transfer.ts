import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { DeltaManifest } from '../delta/delta-manifest.ts';
import { type DeltaPlan, planDelta } from '../delta/plan-delta.ts';
import { readDelta } from '../delta/read-delta.ts';
import type { CompareDependencies } from '../integrity/compare.ts';
import { inFlight } from '../pack/in-flight.ts';
import { readObjects } from '../pack/reader.ts';
import type { ContentSink } from '../pack/splitter.ts';
import type { FileManifest } from '../release.ts';
import { DELTA_PACK_NAME, OBJECTS_NAME, PACK_NAME } from '../repository/layout.ts';
import type { ContentPlaces } from '../staging/places.ts';
import { stageBundle, type StageRequest, type UnpackedRelease, unpackRelease } from '../staging/unpack.ts';
import { contentsOf } from './plan-transfer.ts';
import type { ShorterTransfer, Transfer } from './transfer.ts';

const COPIES_IN_FLIGHT = 4;

export interface TransferStageRequest extends StageRequest {
  readonly transfer: Transfer;
  /** Where the packs were brought to. */
  readonly packFolder: string;
  /** The installed bundle; it is only read. */
  readonly bundle: string;
  /** What a delta needs besides its pack. */
  readonly delta?: { readonly oldManifest: FileManifest; readonly manifest: DeltaManifest } | undefined;
}

/**
 * Makes a release in a new folder of what was fetched and, where that is less than all, of installed files; proves every byte
 * against the release's manifest as always. When it fails, the folder is gone again and the installed bundle untouched.
 *
 * Errors: those of `stageBundle`, `readPack`, `planDelta` and `readDelta`.
 */
export async function stageTransfer(
  dependencies: CompareDependencies,
  request: TransferStageRequest,
): Promise<Result<UnpackedRelease>> {
  const { transfer, packFolder } = request;
  if (transfer.kind === 'full')
    return unpackRelease(dependencies, { ...request, packFile: join(packFolder, PACK_NAME) });
  const plan = transfer.kind === 'delta' ? planPatches(request, transfer) : succeed(undefined);
  if (!plan.ok) return plan;
  return stageBundle(dependencies, request, (places) => supply(dependencies, request, transfer, plan.value, places));
}

/** Only patches whose old files are there; they are read where their content was found, whatever its name. */
function planPatches(request: TransferStageRequest, { sources }: ShorterTransfer): Result<DeltaPlan> {
  if (request.delta === undefined) return fail(faultOf('archive-invalid', 'the delta has no manifest'));
  const { oldManifest, manifest } = request.delta;
  const plan = planDelta(oldManifest, request.manifest, manifest);
  if (!plan.ok) return plan;
  const patches = plan.value.patches.flatMap((patch) => {
    const found = patch.sources.flatMap((entry) => {
      const path = sources[entry.sha256];
      return path === undefined ? [] : [{ ...entry, path }];
    });
    return found.length === patch.sources.length ? [{ ...patch, sources: found }] : [];
  });
  return succeed({ ...plan.value, patches });
}

/** What was fetched first, then copies, then what patches make; each content once. */
async function supply(
  { files }: CompareDependencies,
  request: TransferStageRequest,
  transfer: ShorterTransfer,
  plan: DeltaPlan | undefined,
  places: ContentPlaces,
): Promise<Result<void>> {
  const { manifest, packFolder, bundle, signal } = request;
  const made = new Set<string>();
  const sink = eachOnce(places.sink, made);
  const objects = transfer.objects.flatMap((place) => manifest.objects[place] ?? []);
  if (objects.length < transfer.objects.length) return fail(faultOf('archive-invalid', 'an object is not there'));
  const fetched =
    objects.length === 0
      ? succeed()
      : await readObjects({ files, packFile: join(packFolder, OBJECTS_NAME), manifest, signal }, objects, sink);
  if (!fetched.ok) return fetched;
  const copied = await copyInstalled(request, transfer, places, made);
  if (!copied.ok || plan === undefined) return copied;
  return readDelta({ files, packFile: join(packFolder, DELTA_PACK_NAME), oldFolder: bundle, plan, signal }, sink);
}

function copyInstalled(
  { manifest, bundle, signal }: TransferStageRequest,
  { sources }: ShorterTransfer,
  places: ContentPlaces,
  made: Set<string>,
): Promise<Result<void>> {
  const wanted = [...contentsOf(manifest)].filter((sha256) => !made.has(sha256) && sources[sha256] !== undefined);
  return inFlight(COPIES_IN_FLIGHT, wanted, (sha256) => {
    if (signal?.aborted === true) return fail(faultOf('cancelled', 'staging was cancelled'));
    made.add(sha256);
    return places.copyIn(sha256, join(bundle, sources[sha256] ?? ''));
  });
}

/** A content that comes a second time is compared with its digest and thrown away. */
function eachOnce(sink: ContentSink, made: Set<string>): ContentSink {
  return {
    open(sha256) {
      if (made.has(sha256)) return Promise.resolve(succeed(NOWHERE));
      made.add(sha256);
      return sink.open(sha256);
    },
  };
}

const NOWHERE = { write: () => Promise.resolve(succeed()), close: () => Promise.resolve(succeed()) };
