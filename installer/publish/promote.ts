import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release, SignedFile } from '../release.ts';
import { delegatedRoleName, isChannel, manifestTarget, packTarget, targetFile } from '../repository/layout.ts';
import { choosePublished } from './choose-published.ts';
import type { EditedReleases, EditRequest } from './edit-release.ts';
import { createKeyStore } from './keys.ts';
import { type PublishDependencies, loadOwn, placeTarget, publishAlone, writeMetadata } from './publication.ts';
import { type PromotedDeltas, promotedDeltas } from './promoted-deltas.ts';
import { metadataWithReleases, without } from './release-metadata.ts';
import { tufInstant } from './signed-metadata.ts';
import type { TrustedRepository } from './trusted.ts';
import { listTrusted } from './verify.ts';

export interface PromoteRequest extends EditRequest {
  readonly to: string;
  readonly rollout?: Release['rollout'] | undefined;
}

export interface PromotedReleases extends EditedReleases {
  /** Versions whose deltas went along. */
  readonly deltas: readonly string[];
  /** Versions whose deltas stayed behind. */
  readonly left: PromotedDeltas['left'];
}

/**
 * Publishes a release of one channel in another, byte for byte; the days of `delayDays` begin anew.
 *
 * Deltas go along whose version to begin at is in the other channel, too; `addDeltas` makes others.
 * Errors: `request-invalid`, `already-exists` (other content under this version), those of `choosePublished`.
 */
export async function promoteRelease(
  dependencies: PublishDependencies,
  request: PromoteRequest,
): Promise<Result<PromotedReleases>> {
  if (!isChannel(request.to)) return fail(faultOf('request-invalid', `"${request.to}" is no name of a channel`));
  return publishAlone(dependencies, request.repository, (work) => promoteAlone(dependencies, request, work));
}

async function promoteAlone(
  dependencies: PublishDependencies,
  request: PromoteRequest,
  workFolder: string,
): Promise<Result<PromotedReleases>> {
  const { files, clock } = dependencies;
  const keys = createKeyStore(files, request.keys);
  const trusted = await loadOwn(files, request.repository, keys);
  const chosen = trusted.ok ? choosePublished(trusted.value, request.choice) : trusted;
  if (!trusted.ok || !chosen.ok) return trusted.ok ? (chosen as Result<never>) : trusted;
  const pairs = chosen.value.map((from) => ({ from, to: promoted(from, request, tufInstant(clock.now())) }));
  const fresh: typeof pairs = [];
  for (const pair of pairs) {
    const there = isThere(trusted.value, pair.to);
    if (!there.ok) return there;
    if (!there.value) fresh.push(pair);
  }
  const releases = pairs.map(({ to }) => to);
  if (fresh.length === 0) return succeed({ releases, changed: false, deltas: [], left: [] });
  const listed = [...listTrusted(trusted.value).releases, ...fresh.map(({ to }) => to)];
  const along = fresh.map(({ from, to }) => promotedDeltas(from, to, listed));
  for (const [index, { from, to }] of fresh.entries()) {
    const copies = [...copiesOf(from, to), ...(along[index]?.taken.flatMap((one) => one.files) ?? [])];
    const copied = await copyTargets(dependencies, request.repository, copies, join(workFolder, String(index)));
    if (!copied.ok) return copied;
  }
  const deltas = along.flatMap(({ taken }) => taken.map(({ delta }) => delta));
  const added = fresh.map(({ to }) => to);
  const contents = await metadataWithReleases(clock, keys, trusted.value, added, deltas);
  const written = contents.ok ? await writeMetadata(files, request.repository, contents.value) : contents;
  if (!written.ok) return written;
  const left = along.flatMap((one) => one.left);
  return succeed({ releases, changed: true, deltas: deltas.map(({ from }) => from), left });
}

function promoted(from: Release, { to: channel, rollout }: PromoteRequest, publishedAt: string): Release {
  const address = { ...without(from, 'rollout', 'deltas', 'withdrawn'), channel };
  return {
    ...address,
    publishedAt,
    manifest: { ...from.manifest, path: manifestTarget(address) },
    pack: { ...from.pack, path: packTarget(address) },
    ...(rollout === undefined ? {} : { rollout }),
  };
}

function isThere(trusted: TrustedRepository, release: Release): Result<boolean> {
  const role = trusted.delegated.get(delegatedRoleName(release.product, release.channel));
  const target = role?.metadata.signed.targets[release.manifest.path];
  if (target === undefined) return succeed(false);
  if (target.hashes['sha256'] === release.manifest.sha256) return succeed(true);
  const detail = `version ${release.version} is published in ${release.channel} with other content`;
  return fail(faultOf('already-exists', detail, { values: { target: release.manifest.path } }));
}

/** The pack first: who sees a manifest finds its pack. */
function copiesOf(from: Release, to: Release): readonly (readonly [SignedFile, SignedFile])[] {
  return [
    [from.pack, to.pack],
    [from.manifest, to.manifest],
  ];
}

async function copyTargets(
  { files }: PublishDependencies,
  repository: string,
  copies: readonly (readonly [SignedFile, SignedFile])[],
  folder: string,
): Promise<Result<void>> {
  const made = await files.makeNewFolder(folder, 0o700);
  if (!made.ok) return made;
  for (const [index, [source]] of copies.entries()) {
    const path = join(folder, String(index));
    const copied = await files.copyFile(join(repository, targetFile(source)), path);
    const digest = copied.ok ? await files.digest(path) : copied;
    if (!digest.ok) return digest;
    if (digest.value !== source.sha256)
      return fail(faultOf('digest-mismatch', 'the published file has other bytes than were signed', { path }));
  }
  const synced = await files.syncTree(folder);
  if (!synced.ok) return synced;
  for (const [index, [, target]] of copies.entries()) {
    const placed = await placeTarget(files, repository, target, join(folder, String(index)));
    if (!placed.ok) return placed;
  }
  return succeed();
}
