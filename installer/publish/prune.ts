import { dirname, join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import {
  METADATA_FOLDER,
  metadataFile,
  parseDeltaName,
  parseTarget,
  targetFile,
  TARGETS_FOLDER,
} from '../repository/layout.ts';
import { compareVersions } from '../version.ts';
import { createKeyStore, type KeyStore, type KeyStoreOptions } from './keys.ts';
import { nextMetadata, nextTargets } from './next-metadata.ts';
import { type PublishDependencies, loadOwn, publishAlone, writeMetadata } from './publication.ts';
import type { JsonObject, SignedFileContent } from './signed-metadata.ts';
import type { TrustedFile, TrustedRepository } from './trusted.ts';
import type { Targets } from '@tufjs/models';
import { listTrusted } from './verify.ts';

export interface PruneRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** Newest releases that stay in each product, channel and platform; absent: all that are listed stay. */
  readonly keep?: number | undefined;
}

export interface PrunedRepository {
  readonly dropped: readonly Release[];
  /** Files that nothing names any more, relative to the repository. */
  readonly removed: readonly string[];
  readonly freedBytes: number;
}

/** A client may be in the middle of reading what has just been replaced. */
const GRACE_MS = 86_400_000;

/**
 * Takes old releases out of the lists, then removes the files that nothing names and that are older than a day.
 *
 * Roots stay for ever: launchers walk their chain. Errors: `not-found` (a role's key is not at hand), the disk's.
 */
export async function pruneRepository(
  dependencies: PublishDependencies,
  request: PruneRequest,
): Promise<Result<PrunedRepository>> {
  const { files } = dependencies;
  return publishAlone(dependencies, request.repository, async () => {
    const keys = createKeyStore(files, request.keys);
    const trusted = await loadOwn(files, request.repository, keys);
    if (!trusted.ok) return trusted;
    const dropped = request.keep === undefined ? [] : beyond(listTrusted(trusted.value).releases, request.keep);
    const written = await dropReleases(dependencies, request.repository, keys, trusted.value, dropped);
    if (!written.ok) return written;
    const now = await loadOwn(files, request.repository, keys);
    return now.ok ? removeUnnamed(dependencies, request.repository, now.value, dropped) : now;
  });
}

function beyond(releases: readonly Release[], keep: number): readonly Release[] {
  const lines = Map.groupBy(releases, ({ product, channel, platform }) => `${product}/${channel}/${platform}`);
  return [...lines.values()].flatMap((line) =>
    line.toSorted((a, b) => compareVersions(b.version, a.version)).slice(Math.max(1, keep)),
  );
}

async function dropReleases(
  { files, clock }: PublishDependencies,
  repository: string,
  keys: KeyStore,
  trusted: TrustedRepository,
  dropped: readonly Release[],
): Promise<Result<void>> {
  const targets: SignedFileContent[] = [];
  for (const role of trusted.delegated.values()) {
    const kept = keptTargets(role, dropped);
    if (Object.keys(kept).length === Object.keys(role.metadata.signed.targets).length) continue;
    const key = await keys.read(role.role);
    if (!key.ok) return key;
    const next = await nextTargets(clock.now(), role, key.value, { targets: kept });
    if (!next.ok) return next;
    targets.push(next.value);
  }
  if (targets.length === 0) return succeed();
  const contents = await nextMetadata(clock, keys, trusted, { targets });
  return contents.ok ? writeMetadata(files, repository, contents.value) : contents;
}

/** A delta goes with the release that it leads to and with the one that it comes from: nobody could check it any more. */
function keptTargets(role: TrustedFile<Targets>, dropped: readonly Release[]): JsonObject {
  const isDropped = (path: string): boolean => {
    const target = parseTarget(path);
    if (target === undefined) return false;
    const versions = [target.version, parseDeltaName(target.name)?.from];
    return dropped.some(
      ({ product, channel, platform, version }) =>
        product === target.product &&
        channel === target.channel &&
        platform === target.platform &&
        versions.includes(version),
    );
  };
  const kept = Object.entries(role.metadata.signed.targets).filter(([path]) => !isDropped(path));
  return Object.fromEntries(kept.map(([path, target]) => [path, target.toJSON()]));
}

async function removeUnnamed(
  { files, clock }: PublishDependencies,
  repository: string,
  trusted: TrustedRepository,
  dropped: readonly Release[],
): Promise<Result<PrunedRepository>> {
  const named = namesOf(trusted);
  const removed: string[] = [];
  let freedBytes = 0;
  for (const folder of [METADATA_FOLDER, TARGETS_FOLDER]) {
    for await (const entry of files.walk(join(repository, folder))) {
      if (!entry.ok) return entry;
      const { path, facts } = entry.value;
      const name = `${folder}/${path.replaceAll('\\', '/')}`;
      if (facts.kind !== 'file' || named(name) || clock.now() - facts.modifiedMs < GRACE_MS) continue;
      removed.push(name);
      freedBytes += facts.size;
    }
  }
  const gone = await removeAll(files, repository, removed);
  return gone.ok ? succeed({ dropped, removed, freedBytes }) : gone;
}

function namesOf({ roots, timestamp, snapshot, targets, delegated }: TrustedRepository): (name: string) => boolean {
  const all = [...roots, timestamp, snapshot, targets, ...delegated.values()];
  const metadata = all.map(({ role, metadata: { signed } }) => metadataFile(role, signed.version));
  const files = [...delegated.values()].flatMap((role) =>
    Object.values(role.metadata.signed.targets).map(({ path, hashes }) =>
      targetFile({ path, sha256: hashes['sha256'] ?? '' }),
    ),
  );
  const named = new Set([...metadata, ...files]);
  return (name) => named.has(name) || /^metadata\/\d+\.root\.json$/u.test(name);
}

/** Folders that are left empty go, too; a file in use elsewhere is no reason to stop. */
async function removeAll(files: Files, repository: string, names: readonly string[]): Promise<Result<void>> {
  for (const name of names) {
    const removed = await files.remove(join(repository, name));
    if (!removed.ok) return removed;
  }
  const folders = new Set(names.map((name) => dirname(name)).filter((folder) => folder.startsWith(TARGETS_FOLDER)));
  for (const folder of folders) {
    const left = await files.list(join(repository, folder));
    if (left.ok && left.value.length === 0) await files.removeTree(join(repository, folder));
  }
  return succeed();
}
