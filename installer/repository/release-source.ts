import type { Result } from '../../platform/result.ts';
import type { DeltaManifest } from '../delta/delta-manifest.ts';
import type { FileManifest, PackObject, Release, ReleaseDelta } from '../release.ts';
import type { RepositoryHost } from './repository-reader.ts';

/** Bytes so far and in all; `rate` in bytes per second. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly rate: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** Where releases come from: a TUF repository over HTTP(S), a folder, or a dropped file. Trust is complete behind this line. */
export interface ReleaseSource {
  /** Refreshes the trusted metadata and lists the releases for this product, channel and platform, newest first. */
  refresh(signal?: AbortSignal): Promise<Result<readonly Release[]>>;
  /** The release's file manifest, verified. */
  manifest(release: Release, signal?: AbortSignal): Promise<Result<FileManifest>>;
  /** Brings the pack into `folder/full.pack`, resuming what is there; verified to the last byte when it returns. */
  download(release: Release, folder: string, options: TransferOptions): Promise<Result<{ readonly packFile: string }>>;
  /** What a delta to the release changes, verified; small. */
  deltaManifest(release: Release, delta: ReleaseDelta, signal?: AbortSignal): Promise<Result<DeltaManifest>>;
  /** Brings a delta's pack into `folder/delta.pack`, as `download` does. */
  downloadDelta(
    release: Release,
    delta: ReleaseDelta,
    folder: string,
    options: TransferOptions,
  ): Promise<Result<{ readonly packFile: string }>>;
  /**
   * Brings these objects of the release's pack, back to back, into `folder/objects.pack`, resuming what is there; each is
   * verified. `archive-invalid` when the repository cannot give parts of a file.
   */
  downloadObjects(
    release: Release,
    objects: readonly PackObject[],
    folder: string,
    options: TransferOptions,
  ): Promise<Result<{ readonly packFile: string }>>;
  /** Host and port to probe in preflight; undefined for a folder. */
  readonly host?: RepositoryHost | undefined;
}
