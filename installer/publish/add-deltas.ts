import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release, ReleaseDelta } from '../release.ts';
import { delegatedRoleName, targetFile } from '../repository/layout.ts';
import { compareVersions } from '../version.ts';
import { buildDeltas, type DeltaOutcome } from './build-deltas.ts';
import { deltaTargets } from './delta-targets.ts';
import { createKeyStore, type KeyStoreOptions } from './keys.ts';
import { nextMetadata, nextTargets } from './next-metadata.ts';
import type { ReleaseChoice } from './pack-omu.ts';
import { loadOwn, placeTarget, type PublishDependencies, publishAlone, writeMetadata } from './publication.ts';
import type { PublishProgress } from './progress.ts';
import { openPublished } from './published-release.ts';
import type { JsonObject } from './signed-metadata.ts';
import type { TrustedRepository } from './trusted.ts';
import { listTrusted } from './verify.ts';

/** Deltas are published from this many versions before the new one, unless somebody says otherwise. */
export const DEFAULT_DELTAS = 4;

export interface AddDeltasRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** The release to lead to; without a version the newest. */
  readonly to: Partial<ReleaseChoice>;
  /** Versions to come from, or how many versions before the release. */
  readonly from: readonly string[] | number;
  /** 1 to 19. */
  readonly compressionLevel?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined;
}

export interface AddedDeltas {
  readonly release: Release;
  readonly added: readonly ReleaseDelta[];
  /** Published before, and still there. */
  readonly kept: readonly ReleaseDelta[];
  /** Releases from which the full pack is the shorter way. */
  readonly notWorthwhile: readonly { readonly from: string; readonly why: string }[];
}

/**
 * Publishes deltas to a release that is published: all of them become visible at once, and what is there already stays.
 *
 * Errors: `release-unknown`, `request-invalid`, `update-running`, those of `buildDeltas`, of the keys and of `loadOwn`.
 */
export function addDeltas(dependencies: PublishDependencies, request: AddDeltasRequest): Promise<Result<AddedDeltas>> {
  return publishAlone(dependencies, request.repository, async (workFolder) => {
    const { files } = dependencies;
    const trusted = await loadOwn(files, request.repository, createKeyStore(files, request.keys));
    return trusted.ok ? addAlone(dependencies, request, trusted.value, workFolder) : trusted;
  });
}

async function addAlone(
  dependencies: PublishDependencies,
  request: AddDeltasRequest,
  trusted: TrustedRepository,
  workFolder: string,
): Promise<Result<AddedDeltas>> {
  const { files } = dependencies;
  const { repository, compressionLevel, signal, onProgress } = request;
  const { releases } = listTrusted(trusted);
  const release = chooseTarget(releases, request.to);
  if (!release.ok) return release;
  const olds = chooseOlds(releases, release.value, request.from);
  if (!olds.ok) return olds;
  const kept = await publishedDeltas(files, repository, release.value);
  if (!kept.ok) return kept;
  const target = await openPublished(files, repository, release.value);
  if (!target.ok) return target;
  const built = await buildDeltas(files, {
    repository,
    olds: olds.value.filter(({ version }) => !kept.value.some(({ from }) => from === version)),
    address: release.value,
    target: target.value,
    fullBytes: release.value.pack.length + release.value.manifest.length,
    workFolder,
    compressionLevel,
    signal,
    onProgress,
  });
  if (!built.ok) return built;
  const added = await publish(dependencies, request, trusted, release.value, built.value);
  if (!added.ok) return added;
  const notWorthwhile = built.value.filter((outcome) => outcome.kind === 'not-worthwhile');
  return succeed({
    release: release.value,
    added: added.value,
    kept: kept.value,
    notWorthwhile: notWorthwhile.map(({ from, why }) => ({ from, why })),
  });
}

function chooseTarget(releases: readonly Release[], choice: Partial<ReleaseChoice>): Result<Release> {
  const wanted = (value: string, wish: string | undefined): boolean => wish === undefined || wish === value;
  const [first, ...others] = releases
    .filter(
      ({ version, product, channel, platform }) =>
        wanted(version, choice.version) &&
        wanted(product, choice.product) &&
        wanted(channel, choice.channel) &&
        wanted(platform, choice.platform),
    )
    .toSorted((a, b) => compareVersions(b.version, a.version));
  if (first === undefined) return fail(faultOf('release-unknown', 'there is no such release to lead to'));
  const foreign = others.find((other) => !isSibling(first, other));
  if (foreign === undefined) return succeed(first);
  const fitting = [first, foreign].map((one) => `${one.product}/${one.channel}/${one.platform}`).join(', ');
  return fail(faultOf('request-invalid', `several releases fit, name one: ${fitting}, …`));
}

/** The releases that deltas to `target` begin at: the named ones, or the last that are older, newest first. */
export function chooseOlds(
  releases: readonly Release[],
  target: Pick<Release, 'product' | 'channel' | 'platform' | 'version'>,
  from: readonly string[] | number,
): Result<readonly Release[]> {
  const siblings = releases
    .filter((release) => isSibling(release, target) && release.version !== target.version)
    .toSorted((a, b) => compareVersions(b.version, a.version));
  if (typeof from === 'number')
    return succeed(siblings.filter(({ version }) => compareVersions(version, target.version) < 0).slice(0, from));
  const chosen: Release[] = [];
  for (const version of new Set(from)) {
    const release = siblings.find((sibling) => sibling.version === version);
    if (release === undefined)
      return fail(faultOf('release-unknown', `there is no release ${version} to come from`, { values: { version } }));
    chosen.push(release);
  }
  return succeed(chosen);
}

type Line = Pick<Release, 'product' | 'channel' | 'platform'>;

function isSibling(one: Line, other: Line): boolean {
  return one.product === other.product && one.channel === other.channel && one.platform === other.platform;
}

/** Deltas that are signed and lie there with the signed length; what is missing is made again. */
async function publishedDeltas(
  files: Files,
  repository: string,
  release: Release,
): Promise<Result<readonly ReleaseDelta[]>> {
  const present: ReleaseDelta[] = [];
  for (const delta of release.deltas ?? []) {
    let whole = true;
    for (const target of [delta.manifest, delta.pack]) {
      const facts = await files.facts(join(repository, targetFile(target)));
      if (!facts.ok) return facts;
      whole &&= facts.value?.size === target.length;
    }
    if (whole) present.push(delta);
  }
  return succeed(present);
}

async function publish(
  dependencies: PublishDependencies,
  request: AddDeltasRequest,
  trusted: TrustedRepository,
  release: Release,
  outcomes: readonly DeltaOutcome[],
): Promise<Result<readonly ReleaseDelta[]>> {
  const { files, clock } = dependencies;
  const placed = await placeDeltas(files, request.repository, outcomes);
  if (!placed.ok || placed.value.length === 0) return placed;
  const role = delegatedRoleName(release.product, release.channel);
  const current = trusted.delegated.get(role);
  const keys = createKeyStore(files, request.keys);
  const key = await keys.read(role);
  if (!key.ok) return key;
  if (current === undefined) return fail(faultOf('metadata-invalid', `${role}: nobody signs it`));
  const known = Object.entries(current.metadata.signed.targets).map(([path, target]) => [path, target.toJSON()]);
  const targets = { ...Object.fromEntries(known), ...deltaTargets(placed.value) } as JsonObject;
  const next = await nextTargets(clock.now(), current, key.value, { targets });
  if (!next.ok) return next;
  const contents = await nextMetadata(clock, keys, trusted, { targets: [next.value] });
  const written = contents.ok ? await writeMetadata(files, request.repository, contents.value) : contents;
  return written.ok ? placed : written;
}

/** Moves what was built to its places in the repository. */
export async function placeDeltas(
  files: Files,
  repository: string,
  outcomes: readonly DeltaOutcome[],
): Promise<Result<readonly ReleaseDelta[]>> {
  const deltas: ReleaseDelta[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind !== 'built') continue;
    for (const [target, from] of outcome.places) {
      const placed = await placeTarget(files, repository, target, from);
      if (!placed.ok) return placed;
    }
    deltas.push(outcome.delta);
  }
  return succeed(deltas);
}
