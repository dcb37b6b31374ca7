import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeManifest } from '../../../../installer/pack/manifest.ts';
import type { PublicKey } from '../../../../installer/publish/keys.ts';
import { metaOf, prepareMetadata, type SignedFileContent } from '../../../../installer/publish/signed-metadata.ts';
import type { Release } from '../../../../installer/release.ts';
import { manifestTarget, metadataFile, packTarget, targetFile } from '../../../../installer/repository/layout.ts';
import { encodeTargetCustom } from '../../../../installer/repository/target-custom.ts';

type Json = Parameters<typeof prepareMetadata>[0]['body'];

/** A key whose private half lies in memory. */
export interface TestKey extends PublicKey {
  sign(bytes: Uint8Array): Buffer;
}

export type RoleName = 'root' | 'targets' | 'snapshot' | 'timestamp' | 'delegated';

/** What a test may twist about one role when it is signed. */
export interface Twist {
  /** When it is signed; it expires a lifetime later. */
  readonly now?: number;
  readonly version?: number;
  readonly keys?: readonly TestKey[];
  /** Replaces or adds fields of the signed part. */
  readonly body?: Json;
}

export interface ReleaseContent {
  readonly platform?: string;
  readonly pack?: Buffer;
  /** As it lies in the repository; signed whatever it says. Without it, that of an empty bundle. */
  readonly manifest?: Buffer;
}

/** A vendor with all his keys, whose repository lies in memory, and who can be told to misbehave. */
export interface TestRepository {
  readonly product: string;
  readonly channel: string;
  /** By path relative to the repository. */
  readonly files: Map<string, Buffer>;
  readonly keys: Record<RoleName, TestKey[]>;
  readonly firstRoot: Buffer;
  readonly versions: Record<RoleName, number>;
  readonly role: string;
  addRelease(version: string, options?: ReleaseContent): Release;
  /** Entries of the delegated role as they will be signed. */
  readonly targets: Record<string, Json>;
  /** Signs the roles anew, one version later; root is not among them. */
  issue(twists?: Partial<Record<RoleName, Twist>>): void;
  /** Signs a next root with the keys as they are now. */
  rotate(twist?: Twist & { readonly body?: Json }): void;
  /** Writes everything into a folder. */
  writeTo(folder: string): void;
}

export function createTestRepository(
  now: number,
  options: { readonly product?: string; readonly channel?: string; readonly delegatedThreshold?: number } = {},
): TestRepository {
  const { product = 'business', channel = 'stable', delegatedThreshold = 1 } = options;
  const role = `${product}-${channel}`;
  const files = new Map<string, Buffer>();
  const keys: Record<RoleName, TestKey[]> = {
    root: [newKey(), newKey(), newKey()],
    targets: [newKey()],
    snapshot: [newKey()],
    timestamp: [newKey()],
    delegated: Array.from({ length: delegatedThreshold }, newKey),
  };
  const versions: Record<RoleName, number> = { root: 1, targets: 0, snapshot: 0, timestamp: 0, delegated: 0 };
  const targets: Record<string, Json> = {};

  const put = (name: RoleName, body: Json, twist: Twist = {}): SignedFileContent => {
    const file = name === 'delegated' ? role : name;
    const version = twist.version ?? versions[name];
    const content = { role: file, version, now: twist.now ?? now, body: { ...body, ...twist.body } };
    const unsigned = prepareMetadata(content);
    const signers = twist.keys ?? keys[name];
    const signed = unsigned.signedBy(
      signers.map((key) => ({ keyId: key.keyId, signature: key.sign(unsigned.toSign) })),
    );
    files.set(metadataFile(file, version), signed.bytes);
    return signed;
  };
  const rootBody = (): Json => ({
    consistent_snapshot: true,
    keys: keysOf([...keys.root, ...keys.targets, ...keys.snapshot, ...keys.timestamp]),
    roles: {
      root: { keyids: idsOf(keys.root), threshold: 2 },
      targets: { keyids: idsOf(keys.targets), threshold: 1 },
      snapshot: { keyids: idsOf(keys.snapshot), threshold: 1 },
      timestamp: { keyids: idsOf(keys.timestamp), threshold: 1 },
    },
  });
  const delegations = (): Json => ({
    keys: keysOf(keys.delegated),
    roles: [
      {
        name: role,
        keyids: idsOf(keys.delegated),
        threshold: delegatedThreshold,
        terminating: true,
        paths: [`${product}/${channel}/*/*/*`],
      },
    ],
  });
  const firstRoot = put('root', rootBody()).bytes;

  return {
    product,
    channel,
    files,
    keys,
    firstRoot,
    versions,
    role,
    targets,
    addRelease: (version, content = {}) => {
      const { platform = 'linux-x64', pack = Buffer.from(`pack of ${version}`) } = content;
      const { manifest = manifestBytes(version) } = content;
      const release = releaseOf({ product, channel, version, platform }, pack, manifest);
      files.set(targetFile(release.manifest), manifest);
      files.set(targetFile(release.pack), pack);
      const custom = JSON.parse(JSON.stringify(encodeTargetCustom(release))) as Json;
      targets[release.manifest.path] = { length: manifest.length, hashes: { sha256: sha256(manifest) }, custom };
      targets[release.pack.path] = { length: pack.length, hashes: { sha256: sha256(pack) } };
      return release;
    },
    issue: (twists = {}) => {
      for (const name of ['targets', 'snapshot', 'timestamp', 'delegated'] as const) {
        versions[name] = twists[name]?.version ?? versions[name] + 1;
      }
      const delegated = put('delegated', { targets: { ...targets } }, twists.delegated);
      const top = put('targets', { targets: {}, delegations: delegations() }, twists.targets);
      const meta = { 'targets.json': metaOf(top), [`${role}.json`]: metaOf(delegated) };
      const snapshot = put('snapshot', { meta }, twists.snapshot);
      put('timestamp', { meta: { 'snapshot.json': metaOf(snapshot) } }, twists.timestamp);
    },
    rotate: (twist = {}) => {
      versions.root += 1;
      put('root', rootBody(), twist);
    },
    writeTo: (folder) => {
      for (const [path, bytes] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
      }
    },
  };
}

export function newKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const hex = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(12).toString('hex');
  return {
    keyId: sha256(Buffer.from(`{"keytype":"ed25519","keyval":{"public":"${hex}"},"scheme":"ed25519"}`)),
    json: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } },
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function manifestBytes(version: string): Buffer {
  return encodeManifest({ schema: 1, version, entries: [], objects: [] });
}

function releaseOf(
  address: { readonly product: string; readonly channel: string; readonly version: string; readonly platform: string },
  pack: Buffer,
  manifest: Buffer,
): Release {
  return {
    ...address,
    dataFormat: '1',
    notes: { en: `Notes of ${address.version}` },
    unpackedBytes: 0,
    files: 0,
    publishedAt: '2026-01-05T00:00:00Z',
    manifest: { path: manifestTarget(address), length: manifest.length, sha256: sha256(manifest) },
    pack: { path: packTarget(address), length: pack.length, sha256: sha256(pack) },
  };
}

function keysOf(keys: readonly TestKey[]): Json {
  return Object.fromEntries(keys.map((key) => [key.keyId, key.json]));
}

function idsOf(keys: readonly TestKey[]): string[] {
  return keys.map((key) => key.keyId);
}
