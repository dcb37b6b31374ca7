import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result } from '../../platform/result.ts';
import type { CompareDependencies } from '../integrity/compare.ts';
import { inFlight } from '../pack/in-flight.ts';
import type { FileManifest } from '../release.ts';
import type { ContentPlaces } from '../staging/places.ts';
import { stageBundle, type StageRequest, type UnpackedRelease } from '../staging/unpack.ts';
import type { DeltaManifest } from './delta-manifest.ts';
import { type DeltaPlan, planDelta } from './plan-delta.ts';
import { readDelta } from './read-delta.ts';

/** Unchanged files that are copied at the same time. */
const COPIES_IN_FLIGHT = 4;

export interface DeltaStageRequest extends StageRequest {
  /** The old release as it lies on this machine; it is only read. */
  readonly oldFolder: string;
  readonly oldManifest: FileManifest;
  /** Decoded, and verified against signed metadata. */
  readonly delta: DeltaManifest;
  /** The delta's pack. */
  readonly packFile: string;
}

/**
 * Makes a release in a new folder of the installed one and a delta, proves it against the release's file manifest exactly as
 * `unpackRelease` does, and makes it durable.
 *
 * When it fails, the folder is gone again and the old release is untouched: take the full pack then. A `digest-mismatch`
 * that names an installed file means that this file was changed here, not that the delta is bad.
 * Errors: those of `planDelta`, `stageBundle` and `readDelta`.
 */
export async function stageFromDelta(
  dependencies: CompareDependencies,
  request: DeltaStageRequest,
): Promise<Result<UnpackedRelease>> {
  const plan = planDelta(request.oldManifest, request.manifest, request.delta);
  if (!plan.ok) return plan;
  const { files } = dependencies;
  const { packFile, oldFolder, signal } = request;
  return stageBundle(dependencies, request, async (places) => {
    const copied = await copyUnchanged(plan.value, request, places);
    return copied.ok ? readDelta({ files, packFile, oldFolder, plan: plan.value, signal }, places.sink) : copied;
  });
}

/** What was copied is read again by the final proof, which names the file if it is another than the release's. */
async function copyUnchanged(
  plan: DeltaPlan,
  request: DeltaStageRequest,
  places: ContentPlaces,
): Promise<Result<void>> {
  return inFlight(COPIES_IN_FLIGHT, plan.copies, (entry) =>
    request.signal?.aborted === true
      ? fail(faultOf('cancelled', 'staging was cancelled'))
      : places.copyIn(entry.sha256, join(request.oldFolder, entry.path)),
  );
}
