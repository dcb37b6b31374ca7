import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { metadataFile } from '../repository/layout.ts';
import { anchorPath, readAnchor } from './publication.ts';
import { loadTrusted } from './trusted.ts';
import { listTrusted } from './verify.ts';

export { type AddDeltasRequest, type AddedDeltas, DEFAULT_DELTAS, addDeltas } from './add-deltas.ts';
export { type AddRequest, type AddedRelease, addRelease } from './add.ts';
export { type InitRequest, type InitializedRepository, initRepository } from './init.ts';
export { type EditedReleases, type EditRequest, rolloutRelease, withdrawRelease } from './edit-release.ts';
export { type PromoteRequest, promoteRelease } from './promote.ts';
export { type PrunedRepository, type PruneRequest, pruneRepository } from './prune.ts';
export { type RotatedKey, type RotateRequest, rotateKey } from './rotate-key.ts';
export { type RefreshRequest, type RefreshedRepository, refreshRepository } from './refresh.ts';
export { type VerifyRequest, type Verification, verifyRepository } from './verify.ts';

/** The root to begin from: that of the vendor's keys folder, a file of one's own, or (trust on first sight) the repository's first. */
export type Anchor =
  | { readonly kind: 'keys'; readonly folder: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'repository' };

export function loadAnchor(files: Files, repository: string, anchor: Anchor): Promise<Result<Buffer>> {
  switch (anchor.kind) {
    case 'keys':
      return readAnchor(files, anchorPath(anchor.folder));
    case 'file':
      return readAnchor(files, anchor.path);
    case 'repository':
      return readAnchor(files, join(repository, metadataFile('root', 1)));
  }
}

/** The releases of a repository, newest first, by its verified metadata; the files themselves are not looked at. */
export async function listReleases(
  files: Files,
  repository: string,
  anchor: Buffer,
): Promise<Result<readonly Release[]>> {
  const trusted = await loadTrusted(files, repository, anchor);
  if (!trusted.ok) return trusted;
  const { releases } = listTrusted(trusted.value);
  return succeed(releases.toSorted((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1)));
}
