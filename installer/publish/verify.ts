import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { Targets } from '@tufjs/models';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { unpackedBytes } from '../pack/manifest-rules.ts';
import { readPack } from '../pack/reader.ts';
import { DISCARDING_SINK } from '../pack/splitter.ts';
import type { FileManifest, Release, SignedFile } from '../release.ts';
import { MANIFEST_NAME, parseTarget, targetFile } from '../repository/layout.ts';
import { deltasTo, isDeltaTarget } from '../repository/delta-target.ts';
import { decodeTargetCustom } from '../repository/target-custom.ts';
import type { PublishDependencies } from './publication.ts';
import { openPublished } from './published-release.ts';
import { type TrustedFile, type TrustedRepository, loadTrusted } from './trusted.ts';
import { checkDelta } from './verify-delta.ts';

export interface VerifyRequest {
  readonly repository: string;
  /** The root that the reader trusts already, as bytes of its JSON file. */
  readonly anchor: Buffer;
  readonly signal?: AbortSignal | undefined;
}

export interface Verification {
  readonly releases: readonly Release[];
  /** When each role ends, ISO instants. */
  readonly expires: Readonly<Record<string, string>>;
  /** Everything that a client would refuse; empty when all is well. */
  readonly problems: readonly Fault[];
}

/**
 * Walks a repository as a client would: signatures by threshold, freshness, lengths and digests of every target, every
 * manifest decoded, every pack unpacked to nowhere, every delta applied.
 *
 * A fault when the metadata itself cannot be trusted; what is wrong below is listed.
 */
export async function verifyRepository(
  dependencies: Pick<PublishDependencies, 'files' | 'clock' | 'machine'>,
  request: VerifyRequest,
): Promise<Result<Verification>> {
  const trusted = await loadTrusted(dependencies.files, request.repository, request.anchor);
  if (!trusted.ok) return trusted;
  const listed = listTrusted(trusted.value);
  const problems = [...expiryProblems(dependencies.clock.now(), trusted.value), ...listed.problems];
  for (const release of listed.releases) {
    const found = await verifyRelease(dependencies, request, release, listed.releases);
    const cancelled = found.find(({ code }) => code === 'cancelled');
    if (cancelled !== undefined) return fail(cancelled);
    problems.push(...found);
  }
  return succeed({ releases: listed.releases, expires: expiryByRole(trusted.value), problems });
}

/** The releases that trusted metadata describes; what it describes wrongly is a problem. */
export function listTrusted(trusted: TrustedRepository): { releases: readonly Release[]; problems: readonly Fault[] } {
  const releases: Release[] = [];
  const problems: Fault[] = [];
  for (const role of trusted.delegated.values()) {
    for (const target of Object.values(role.metadata.signed.targets)) {
      const parsed = parseTarget(target.path);
      if (parsed === undefined) problems.push(wrongTarget(target.path, 'no such target can be in a repository'));
      if (parsed?.name !== MANIFEST_NAME) continue;
      const release = readTarget(trusted, role, target);
      if (!release.ok) {
        problems.push(release.fault);
        continue;
      }
      const { deltas, problems: wrong } = deltasTo(role.metadata.signed.targets, release.value);
      releases.push(deltas.length === 0 ? release.value : { ...release.value, deltas });
      problems.push(...wrong);
    }
    problems.push(...strayDeltas(role, releases));
  }
  return { releases, problems };
}

/** A delta's files whose release is gone, or of which one is missing: nobody will ever fetch them. */
function strayDeltas(role: TrustedFile<Targets>, releases: readonly Release[]): readonly Fault[] {
  const known = new Set(
    releases.flatMap(({ deltas = [] }) => deltas.flatMap(({ manifest, pack }) => [manifest.path, pack.path])),
  );
  return Object.keys(role.metadata.signed.targets)
    .filter((path) => isDeltaTarget(path) && !known.has(path))
    .map((path) => wrongTarget(path, 'the delta belongs to no release'));
}

function readTarget(
  trusted: TrustedRepository,
  role: TrustedFile<Targets>,
  target: Parameters<typeof decodeTargetCustom>[0],
): Result<Release> {
  const delegation = trusted.targets.metadata.signed.delegations?.roles?.[role.role];
  const release = decodeTargetCustom(target);
  if (!release.ok) return release;
  if (delegation?.isDelegatedPath(target.path) !== true)
    return fail(wrongTarget(target.path, `the role ${role.role} may not sign it`));
  const pack = role.metadata.signed.targets[release.value.pack.path];
  const { length, sha256 } = release.value.pack;
  if (pack?.length !== length || pack.hashes['sha256'] !== sha256)
    return fail(wrongTarget(target.path, 'its pack is not the target of that name'));
  return release;
}

function wrongTarget(target: string, detail: string): Fault {
  return faultOf('wrong-target', detail, { values: { target } });
}

async function verifyRelease(
  dependencies: Pick<PublishDependencies, 'files' | 'machine'>,
  request: VerifyRequest,
  release: Release,
  releases: readonly Release[],
): Promise<readonly Fault[]> {
  const manifest = await verifyFull(dependencies, request, release);
  if (!manifest.ok) return [manifest.fault];
  const problems: Fault[] = [];
  for (const delta of release.deltas ?? []) {
    const old = releases.find(
      ({ product, channel, platform, version }) =>
        product === release.product &&
        channel === release.channel &&
        platform === release.platform &&
        version === delta.from,
    );
    const { repository, signal } = request;
    const targets = await verifyTargets(dependencies, repository, [delta.manifest, delta.pack]);
    const checked = targets.ok
      ? await checkDelta(dependencies, { repository, delta, old, manifest: manifest.value, signal })
      : targets;
    if (!checked.ok) problems.push(checked.fault);
  }
  return problems;
}

async function verifyFull(
  dependencies: Pick<PublishDependencies, 'files'>,
  request: VerifyRequest,
  release: Release,
): Promise<Result<FileManifest>> {
  const { files } = dependencies;
  const targets = await verifyTargets(dependencies, request.repository, [release.manifest, release.pack]);
  if (!targets.ok) return targets;
  const opened = await openPublished(files, request.repository, release);
  if (!opened.ok) return opened;
  const { manifest, packFile } = opened.value;
  if (manifest.version !== release.version || unpackedBytes(manifest) !== release.unpackedBytes)
    return fail(wrongTarget(release.manifest.path, 'the manifest is not the one of this release'));
  const read = await readPack({ files, packFile, manifest, signal: request.signal }, DISCARDING_SINK);
  return read.ok ? succeed(manifest) : read;
}

async function verifyTargets(
  dependencies: Pick<PublishDependencies, 'files'>,
  repository: string,
  targets: readonly SignedFile[],
): Promise<Result<void>> {
  for (const target of targets) {
    const checked = await verifyTarget(dependencies, repository, target);
    if (!checked.ok) return checked;
  }
  return succeed();
}

async function verifyTarget(
  dependencies: Pick<PublishDependencies, 'files'>,
  repository: string,
  target: SignedFile,
): Promise<Result<void>> {
  const path = join(repository, targetFile(target));
  const facts = await dependencies.files.facts(path);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return fail(faultOf('not-found', 'the repository lacks a signed file', { path }));
  if (facts.value.size !== target.length)
    return fail(faultOf('digest-mismatch', 'the file has another length than was signed', { path }));
  const digest = await dependencies.files.digest(path);
  if (!digest.ok) return digest;
  return digest.value === target.sha256
    ? succeed()
    : fail(faultOf('digest-mismatch', 'the file has other bytes than were signed', { path }));
}

function allFiles({ root, timestamp, snapshot, targets, delegated }: TrustedRepository) {
  return [root, timestamp, snapshot, targets, ...delegated.values()];
}

function expiryByRole(trusted: TrustedRepository): Readonly<Record<string, string>> {
  return Object.fromEntries(allFiles(trusted).map((file) => [file.role, file.metadata.signed.expires]));
}

function expiryProblems(now: number, trusted: TrustedRepository): Fault[] {
  return allFiles(trusted)
    .filter((file) => file.metadata.signed.isExpired(new Date(now)))
    .map(({ role, metadata }) =>
      faultOf('metadata-expired', `${role} expired on ${metadata.signed.expires}`, { values: { role } }),
    );
}
