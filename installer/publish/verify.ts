import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { Targets } from '@tufjs/models';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { decodeManifestFile } from '../pack/manifest.ts';
import { unpackedBytes } from '../pack/manifest-rules.ts';
import { readPack } from '../pack/reader.ts';
import { DISCARDING_SINK } from '../pack/splitter.ts';
import type { Release, SignedFile } from '../release.ts';
import { MANIFEST_LIMIT, MANIFEST_NAME, parseTarget, targetFile } from '../repository/layout.ts';
import { decodeTargetCustom } from '../repository/target-custom.ts';
import type { PublishDependencies } from './publication.ts';
import { type TrustedFile, type TrustedRepository, loadTrusted } from './trusted.ts';

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
 * manifest decoded, every pack unpacked to nowhere.
 *
 * A fault when the metadata itself cannot be trusted; what is wrong below is listed.
 */
export async function verifyRepository(
  dependencies: Pick<PublishDependencies, 'files' | 'clock'>,
  request: VerifyRequest,
): Promise<Result<Verification>> {
  const trusted = await loadTrusted(dependencies.files, request.repository, request.anchor);
  if (!trusted.ok) return trusted;
  const listed = listTrusted(trusted.value);
  const problems = [...expiryProblems(dependencies.clock.now(), trusted.value), ...listed.problems];
  for (const release of listed.releases) {
    const checked = await verifyRelease(dependencies, request, release);
    if (checked.ok) continue;
    if (checked.fault.code === 'cancelled') return checked;
    problems.push(checked.fault);
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
      if (release.ok) releases.push(release.value);
      else problems.push(release.fault);
    }
  }
  return { releases, problems };
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
  dependencies: Pick<PublishDependencies, 'files'>,
  request: VerifyRequest,
  release: Release,
): Promise<Result<void>> {
  const { files } = dependencies;
  for (const target of [release.manifest, release.pack]) {
    const checked = await verifyTarget(dependencies, request.repository, target);
    if (!checked.ok) return checked;
  }
  const bytes = await files.readBytes(join(request.repository, targetFile(release.manifest)), MANIFEST_LIMIT);
  if (!bytes.ok) return bytes;
  const manifest = decodeManifestFile(bytes.value);
  if (!manifest.ok) return manifest;
  if (manifest.value.version !== release.version || unpackedBytes(manifest.value) !== release.unpackedBytes)
    return fail(wrongTarget(release.manifest.path, 'the manifest is not the one of this release'));
  const packFile = join(request.repository, targetFile(release.pack));
  return readPack({ files, packFile, manifest: manifest.value, signal: request.signal }, DISCARDING_SINK);
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
