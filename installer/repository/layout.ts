import { posix } from 'node:path';
import type { SignedFile } from '../release.ts';

/** Folders of a repository; everything in it is a plain file, so any web server or disk can hold it. */
export const METADATA_FOLDER = 'metadata';
export const TARGETS_FOLDER = 'targets';

/** The file manifest, JSON in one zstd frame (half the size: paths compress well, digests do not). */
export const MANIFEST_NAME = 'manifest.json.zst';
export const PACK_NAME = 'full.pack';
/** Names on a customer's disk: a delta's pack, and some objects of a full pack back to back. */
export const DELTA_PACK_NAME = 'delta.pack';
export const OBJECTS_NAME = 'objects.pack';

/** Largest manifest as it lies in the repository and once decompressed, bytes: 200,000 entries of 400 characters fit. */
export const MANIFEST_LIMIT = 64 * 1024 * 1024;
export const MANIFEST_TEXT_LIMIT = 192 * 1024 * 1024;

/** What a release is published for. */
export interface ReleaseAddress {
  readonly product: string;
  readonly channel: string;
  readonly version: string;
  readonly platform: string;
}

const PRODUCT = /^[a-z0-9][a-z0-9_-]{0,31}$/u;
// No dash in a channel: the role name `<product>-<channel>` can then be read in one way only.
const CHANNEL = /^[a-z0-9][a-z0-9_]{0,31}$/u;
const VERSION = /^[0-9A-Za-z](?:[0-9A-Za-z_+-]|\.(?![.]|$)){0,63}$/u;
const PLATFORM = /^[a-z0-9]{1,16}-[a-z0-9_]{1,16}$/u;
const SHA256 = /^[0-9a-f]{64}$/u;
const TARGET_NAMES: readonly string[] = [MANIFEST_NAME, PACK_NAME];
const DELTA_NAME = /^delta-(?<from>.+)\.(?<part>pack|json\.zst)$/u;

export function isProduct(text: string): boolean {
  return PRODUCT.test(text);
}

export function isChannel(text: string): boolean {
  return CHANNEL.test(text);
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

export function isPlatform(text: string): boolean {
  return PLATFORM.test(text);
}

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/** The delegated role that signs the releases of one product and channel. */
export function delegatedRoleName(product: string, channel: string): string {
  return `${product}-${channel}`;
}

/** The paths that this role may sign: version, platform and name are free. */
export function delegatedPathPattern(product: string, channel: string): string {
  return `${product}/${channel}/*/*/*`;
}

/** Target path (TUF 1.0 §4.5 TARGETPATH) of a release's file manifest. */
export function manifestTarget(address: ReleaseAddress): string {
  return targetPath(address, MANIFEST_NAME);
}

/** Target path of a release's pack. */
export function packTarget(address: ReleaseAddress): string {
  return targetPath(address, PACK_NAME);
}

/** Target path of what changes from an older release's file manifest to this one's. */
export function deltaManifestTarget(address: ReleaseAddress, from: string): string {
  return targetPath(address, `delta-${from}.json.zst`);
}

/** Target path of the patches that make this release of an older one. */
export function deltaPackTarget(address: ReleaseAddress, from: string): string {
  return targetPath(address, `delta-${from}.pack`);
}

/** Reads the name of a delta's file back; undefined for every other name. */
export function parseDeltaName(
  name: string,
): { readonly from: string; readonly part: 'manifest' | 'pack' } | undefined {
  const { from, part } = DELTA_NAME.exec(name)?.groups ?? {};
  return from === undefined || !isVersion(from) ? undefined : { from, part: part === 'pack' ? 'pack' : 'manifest' };
}

function targetPath(address: ReleaseAddress, name: string): string {
  return [address.product, address.channel, address.version, address.platform, name].join('/');
}

/**
 * Reads a target path back. Undefined for every name that a repository of ours cannot hold (`..`, `%2e`, backslash, unknown
 * file name, …), so that such a name is refused before any request is made for it.
 */
export function parseTarget(path: string): (ReleaseAddress & { readonly name: string }) | undefined {
  const [product, channel, version, platform, name, ...rest] = path.split('/');
  if (product === undefined || channel === undefined || version === undefined) return undefined;
  if (platform === undefined || name === undefined || rest.length > 0) return undefined;
  if (!isProduct(product) || !isChannel(channel) || !isVersion(version) || !isPlatform(platform)) return undefined;
  const isKnown = TARGET_NAMES.includes(name) || parseDeltaName(name) !== undefined;
  return isKnown ? { product, channel, version, platform, name } : undefined;
}

/**
 * Where a target lies, relative to the repository, with `/`: `targets/<folder>/<sha256>.<name>`
 * (TUF 1.0 §6.2: with consistent snapshots the digest leads the file name).
 */
export function targetFile(target: Pick<SignedFile, 'path' | 'sha256'>): string {
  return posix.join(TARGETS_FOLDER, posix.dirname(target.path), `${target.sha256}.${posix.basename(target.path)}`);
}

/** Where a metadata file lies, relative to the repository: `metadata/<version>.<role>.json`; the timestamp has no version. */
export function metadataFile(role: string, version: number): string {
  return role === 'timestamp'
    ? `${METADATA_FOLDER}/timestamp.json`
    : `${METADATA_FOLDER}/${String(version)}.${role}.json`;
}
