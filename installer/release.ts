/** A release as its signed target describes it; everything here has been verified by the trust room. */
export interface Release {
  readonly product: string;
  /** `linux-x64`, `windows-x64`, `macos-arm64`, … */
  readonly platform: string;
  readonly channel: string;
  readonly version: string;
  /** Changes when the data file is converted at the first start. */
  readonly dataFormat: string;
  readonly minClient?: string;
  readonly maxClient?: string;
  /** The oldest version from which this one may be reached in one step. */
  readonly from?: string;
  readonly notes: Readonly<Record<string, string>>;
  readonly unpackedBytes: number;
  readonly files: number;
  readonly publishedAt: string;
  /** Who is offered it when: `percentage` of the machines (0–100, whole), from the ISO instant `startsAt`; absent = everybody, now. */
  readonly rollout?: { readonly percentage: number; readonly startsAt?: string };
  /** Taken back by the vendor: not offered any more; who runs it is told. */
  readonly withdrawn?: { readonly at: string; readonly reason?: string };
  readonly manifest: SignedFile;
  readonly pack: SignedFile;
  /** Shorter ways to it from older releases; absent when none is published. */
  readonly deltas?: readonly ReleaseDelta[];
}

/** What a machine that has the release `from` needs to make another release of it; both files are signed like the release. */
export interface ReleaseDelta {
  readonly from: string;
  /** What changes between the two file manifests, and the patches in the pack (`delta/delta-manifest.ts`). */
  readonly manifest: SignedFile;
  readonly pack: SignedFile;
}

/**
 * A file of the repository, named and measured by signed metadata. `path` is the TUF target path; where the file lies (its
 * digest leads the file name) says `targetFile` of `repository/layout.ts`.
 */
export interface SignedFile {
  readonly path: string;
  readonly length: number;
  readonly sha256: string;
}

/** What a release consists of, entry by entry: the ground truth for unpacking, integrity and the three-way carry-over. */
export interface FileManifest {
  readonly schema: 1;
  readonly version: string;
  /** Permission bits of the bundle's own folder once it is live; 0o755 when absent. While staging it is 0o700. */
  readonly rootMode?: number;
  readonly entries: readonly ManifestEntry[];
  /** The objects in the pack, in the order in which they lie there, without gaps. */
  readonly objects: readonly PackObject[];
}

/** `path` is relative to the bundle, with `/`; safe on every OS by the rules of the archive reader. */
export type ManifestEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      /** Of the file's content. */
      readonly sha256: string;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** One zstd frame of the pack: a large file, or several small ones back to back. */
export interface PackObject {
  readonly offset: number;
  /** Compressed bytes. */
  readonly length: number;
  /** Of the compressed bytes; checked before anything is decompressed. */
  readonly sha256: string;
  /** Uncompressed bytes; output beyond it is refused. */
  readonly size: number;
  /** Digests of the file contents in it, in order; with the entries' sizes they say where each begins. */
  readonly contents: readonly string[];
}
