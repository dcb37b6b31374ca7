import type { Release, ReleaseDelta, SignedFile } from '../release.ts';
import { deltaManifestTarget, deltaPackTarget } from '../repository/layout.ts';

/** What becomes of a release's deltas when it is published in another channel. */
export interface PromotedDeltas {
  /** As they are signed there, each with the files that it is copied from. */
  readonly taken: readonly {
    readonly delta: ReleaseDelta;
    readonly files: readonly (readonly [SignedFile, SignedFile])[];
  }[];
  /** Versions whose deltas stay behind, and why. */
  readonly left: readonly { readonly from: string; readonly why: string }[];
}

/**
 * A delta goes along if the other channel has the version that it begins at, with the same content: it turns bytes into bytes,
 * whatever the channel. Pure.
 *
 * @param listed all releases of the repository, with those that are promoted together
 */
export function promotedDeltas(source: Release, promoted: Release, listed: readonly Release[]): PromotedDeltas {
  const taken: PromotedDeltas['taken'][number][] = [];
  const left: PromotedDeltas['left'][number][] = [];
  for (const delta of source.deltas ?? []) {
    const before = find(listed, source, delta.from);
    const there = find(listed, promoted, delta.from);
    if (there === undefined)
      left.push({ from: delta.from, why: `version ${delta.from} is not in ${promoted.channel}` });
    else if (there.manifest.sha256 !== before?.manifest.sha256)
      left.push({ from: delta.from, why: `version ${delta.from} has other content in ${promoted.channel}` });
    else taken.push(moved(delta, promoted));
  }
  return { taken, left };
}

function find(
  listed: readonly Release[],
  { product, channel, platform }: Release,
  version: string,
): Release | undefined {
  return listed.find(
    (one) => one.product === product && one.channel === channel && one.platform === platform && one.version === version,
  );
}

function moved({ from, manifest, pack }: ReleaseDelta, promoted: Release): PromotedDeltas['taken'][number] {
  const delta = {
    from,
    manifest: { ...manifest, path: deltaManifestTarget(promoted, from) },
    pack: { ...pack, path: deltaPackTarget(promoted, from) },
  };
  const files = [
    [pack, delta.pack],
    [manifest, delta.manifest],
  ] as const;
  return { delta, files };
}
