import { compareVersions } from '../version.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { MANIFEST_NAME, parseTarget } from './layout.ts';
import type { VerifiedTargets } from './metadata-client.ts';
import { deltasTo } from './delta-target.ts';
import { decodeTargetCustom } from './target-custom.ts';

/** What this machine may install. */
export interface Wanted {
  readonly product: string;
  readonly channel: string;
  readonly platform: string;
}

/** One name between two slashes: nothing that a disk, a URL or a shell could read as something else. */
const PLAIN_NAME = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,127}$/u;

/**
 * Reads the releases for this machine out of verified targets, newest first.
 *
 * Every name is judged before anything is asked for: one that is unsafe refuses all of them. Errors: `path-refused`,
 * `wrong-target`, `metadata-invalid`, `newer-schema`.
 */
export function listReleases(verified: VerifiedTargets, wanted: Wanted): Result<readonly Release[]> {
  const releases: Release[] = [];
  for (const target of Object.values(verified.targets)) {
    const named = checkName(target.path, verified);
    if (!named.ok) return named;
    const address = parseTarget(target.path);
    // Files of kinds that a later publisher adds are none of ours.
    if (address?.name !== MANIFEST_NAME) continue;
    if (address.product !== wanted.product || address.channel !== wanted.channel) return foreign(target.path);
    if (address.platform !== wanted.platform) continue;
    const { path, length, hashes, custom } = target;
    const release = decodeTargetCustom({ path, length, hashes, custom });
    const signed = release.ok ? checkPack(release.value, verified) : release;
    if (!release.ok || !signed.ok) return release.ok ? fail(faultOfPack(release.value)) : release;
    releases.push(withDeltas(release.value, verified));
  }
  return succeed(releases.toSorted((a, b) => compareVersions(b.version, a.version)));
}

/** A delta that cannot be read is none: the full pack always leads to the release. */
function withDeltas(release: Release, verified: VerifiedTargets): Release {
  const { deltas } = deltasTo(verified.targets, release);
  return deltas.length === 0 ? release : { ...release, deltas };
}

/** Whether the verified targets still say exactly this of a release that somebody remembers. */
export function isListed(releases: readonly Release[], release: Release): boolean {
  return releases.some(
    (listed) =>
      listed.version === release.version &&
      listed.platform === release.platform &&
      listed.manifest.sha256 === release.manifest.sha256 &&
      listed.pack.sha256 === release.pack.sha256 &&
      listed.pack.length === release.pack.length,
  );
}

function checkName(path: string, verified: VerifiedTargets): Result<void> {
  const isPlain = path.length <= 512 && path.split('/').every((name) => PLAIN_NAME.test(name) && !name.includes('..'));
  if (!isPlain)
    return fail(faultOf('path-refused', 'the name of a target is refused', { values: { target: path.slice(0, 256) } }));
  // TUF 1.0 §5.6.7: a role speaks for the paths that were delegated to it, and for no other.
  return verified.covers(path) ? succeed() : foreign(path);
}

/** The pack is a target of its own; what `custom` says of it must be what the role signs for it. */
function checkPack(release: Release, verified: VerifiedTargets): Result<void> {
  const { path, length, sha256 } = release.pack;
  const target = Object.hasOwn(verified.targets, path) ? verified.targets[path] : undefined;
  const same = target?.length === length && target.hashes['sha256'] === sha256;
  return same ? succeed() : fail(faultOfPack(release));
}

function faultOfPack(release: Release): ReturnType<typeof faultOf> {
  return faultOf('metadata-invalid', 'the release and its pack contradict each other', {
    values: { target: release.pack.path },
  });
}

function foreign(path: string): Result<never> {
  return fail(
    faultOf('wrong-target', 'the target is for another product or channel than the role may sign for', {
      values: { target: path },
    }),
  );
}
