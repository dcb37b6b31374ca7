import type { Targets } from '@tufjs/models';
import type { Result } from '../../platform/result.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Release, ReleaseDelta } from '../release.ts';
import { deltaTargets } from './delta-targets.ts';
import { delegatedPathPattern, delegatedRoleName } from '../repository/layout.ts';
import { encodeTargetCustom } from '../repository/target-custom.ts';
import type { KeyStore, SigningKey } from './keys.ts';
import { nextMetadata, nextTargets } from './next-metadata.ts';
import { type JsonObject, type SignedFileContent, signMetadata } from './signed-metadata.ts';
import type { TrustedFile, TrustedRepository } from './trusted.ts';

/**
 * The metadata files that add a release and the deltas to it, in the order in which they must be written.
 *
 * The first release of a product and channel makes their delegated role and its key, and signs `targets` again for it.
 */
export async function metadataWithRelease(
  clock: Clock,
  keys: KeyStore,
  trusted: TrustedRepository,
  release: Release,
  deltas: readonly ReleaseDelta[] = [],
): Promise<Result<readonly SignedFileContent[]>> {
  return metadataWithReleases(clock, keys, trusted, [release], deltas);
}

/** The same for several releases of one product and channel; one that is listed is signed with its new words. */
export async function metadataWithReleases(
  clock: Clock,
  keys: KeyStore,
  trusted: TrustedRepository,
  releases: readonly Release[],
  deltas: readonly ReleaseDelta[] = [],
): Promise<Result<readonly SignedFileContent[]>> {
  const [release] = releases;
  if (release === undefined) return nextMetadata(clock, keys, trusted, { targets: [] });
  const now = clock.now();
  const role = delegatedRoleName(release.product, release.channel);
  const current = trusted.delegated.get(role);
  const key = current === undefined ? await keys.readOrCreate(role) : await keys.read(role);
  if (!key.ok) return key;
  const added = Object.assign({}, ...releases.map(targetsOf), deltaTargets(deltas)) as JsonObject;
  if (current !== undefined) {
    const kept = Object.entries(current.metadata.signed.targets).map(([path, target]) => [path, target.toJSON()]);
    const targets = { ...Object.fromEntries(kept), ...added } as JsonObject;
    const next = await nextTargets(now, current, key.value, { targets });
    return next.ok ? nextMetadata(clock, keys, trusted, { targets: [next.value] }) : next;
  }
  const targetsKey = await keys.read('targets');
  if (!targetsKey.ok) return targetsKey;
  const delegated = await signMetadata({ role, version: 1, now, body: { targets: added }, keys: [key.value] });
  if (!delegated.ok) return delegated;
  const delegations = delegationsWith(trusted.targets, release, key.value);
  const top = await nextTargets(now, trusted.targets, targetsKey.value, { delegations });
  return top.ok ? nextMetadata(clock, keys, trusted, { targets: [delegated.value, top.value] }) : top;
}

function targetsOf(release: Release): JsonObject {
  const { manifest, pack } = release;
  const custom = customOf(release);
  return {
    [manifest.path]: { length: manifest.length, hashes: { sha256: manifest.sha256 }, custom },
    [pack.path]: { length: pack.length, hashes: { sha256: pack.sha256 } },
  };
}

/** Terminating: no other role may speak for this product and channel (TUF 1.0 §4.5). */
function delegationsWith(targets: TrustedFile<Targets>, release: Release, key: SigningKey): JsonObject {
  const known = targets.metadata.signed.delegations;
  const role = {
    name: delegatedRoleName(release.product, release.channel),
    keyids: [key.keyId],
    threshold: 1,
    terminating: true,
    paths: [delegatedPathPattern(release.product, release.channel)],
  };
  const keys = Object.fromEntries(Object.values(known?.keys ?? {}).map((one) => [one.keyID, one.toJSON()]));
  const roles = Object.values(known?.roles ?? {}).map((one) => one.toJSON());
  return { keys: { ...keys, [key.keyId]: key.json }, roles: [...roles, role] };
}

/** The release without some of its words. */
export function without(release: Release, ...names: readonly (keyof Release)[]): Release {
  return Object.fromEntries(
    Object.entries(release).filter(([name]) => !names.some((one) => one === name)),
  ) as unknown as Release;
}

/** A release's custom field as it comes back from JSON: without what is undefined. */
export function customOf(release: Release): JsonObject {
  return JSON.parse(JSON.stringify(encodeTargetCustom(release))) as JsonObject;
}
