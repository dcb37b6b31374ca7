import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { metadataFile } from '../repository/layout.ts';
import { type KeyStore, type KeyStoreOptions, type SigningKey, createKeyStore } from './keys.ts';
import {
  PUBLIC_FOLDER,
  type PublishDependencies,
  anchorPath,
  publishAlone,
  readAnchor,
  writeMetadata,
} from './publication.ts';
import { type JsonObject, type SignedFileContent, metaOf, signMetadata } from './signed-metadata.ts';
import { loadTrusted } from './trusted.ts';

/** Keys that may share the root role; a threshold beyond it could never be met. */
const ROOT_KEYS_LIMIT = 16;

export interface InitRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** How many root keys are made, and how many of them must sign. */
  readonly rootKeys: number;
  readonly rootThreshold: number;
}

export interface InitializedRepository {
  /** The root that the launcher must be built with (or configured with, for a demonstration). */
  readonly rootFile: string;
}

/**
 * Makes the keys and an empty repository. One that was killed half-way is finished by calling it again.
 *
 * Errors: `request-invalid`, `already-exists` (keys or repository are in use), the disk's.
 */
export async function initRepository(
  dependencies: PublishDependencies,
  request: InitRequest,
): Promise<Result<InitializedRepository>> {
  const { rootKeys, rootThreshold } = request;
  if (rootThreshold < 1 || rootKeys < rootThreshold || rootKeys > ROOT_KEYS_LIMIT)
    return fail(faultOf('request-invalid', `${String(rootThreshold)} of ${String(rootKeys)} root keys cannot be`));
  const made = await dependencies.files.makeFolder(request.keys.folder, 0o700);
  if (!made.ok) return made;
  const begun = await dependencies.files.makeFolder(request.repository, PUBLIC_FOLDER);
  if (!begun.ok) return begun;
  return publishAlone(dependencies, request.repository, () => initAlone(dependencies, request));
}

async function initAlone(
  dependencies: PublishDependencies,
  request: InitRequest,
): Promise<Result<InitializedRepository>> {
  const { files } = dependencies;
  const rootFile = anchorPath(request.keys.folder);
  const anchor = await files.facts(rootFile);
  if (!anchor.ok) return anchor;
  if (anchor.value !== undefined) return inUse(rootFile, 'these keys belong to a repository already');
  const timestamp = await files.facts(join(request.repository, metadataFile('timestamp', 0)));
  if (!timestamp.ok) return timestamp;
  const keys = createKeyStore(files, request.keys);
  const root =
    timestamp.value === undefined
      ? await writeFirstMetadata(dependencies, request, keys)
      : await adoptFinished(dependencies, request, keys);
  if (!root.ok) return root;
  // The anchor comes last: while it is missing, the vendor's keys folder says that this is not finished.
  const written = await files.writeDurably(rootFile, root.value, 0o644);
  return written.ok ? succeed({ rootFile }) : written;
}

async function writeFirstMetadata(
  dependencies: PublishDependencies,
  request: InitRequest,
  store: KeyStore,
): Promise<Result<Uint8Array>> {
  const keys = await makeKeys(store, request.rootKeys);
  if (!keys.ok) return keys;
  const contents = await firstMetadata(dependencies.clock.now(), keys.value, request.rootThreshold);
  if (!contents.ok) return contents;
  const written = await writeMetadata(dependencies.files, request.repository, contents.value);
  return written.ok ? succeed(contents.value[0].bytes) : written;
}

interface RepositoryKeys {
  readonly root: readonly SigningKey[];
  readonly targets: SigningKey;
  readonly snapshot: SigningKey;
  readonly timestamp: SigningKey;
}

async function makeKeys(store: KeyStore, rootKeys: number): Promise<Result<RepositoryKeys>> {
  const root: SigningKey[] = [];
  for (let number = 1; number <= rootKeys; number += 1) {
    const key = await store.readOrCreate(`root-${String(number)}`);
    if (!key.ok) return key;
    root.push(key.value);
  }
  const targets = await store.readOrCreate('targets');
  if (!targets.ok) return targets;
  const snapshot = await store.readOrCreate('snapshot');
  if (!snapshot.ok) return snapshot;
  const timestamp = await store.readOrCreate('timestamp');
  if (!timestamp.ok) return timestamp;
  return succeed({ root, targets: targets.value, snapshot: snapshot.value, timestamp: timestamp.value });
}

type FirstMetadata = readonly [SignedFileContent, ...SignedFileContent[]];

async function firstMetadata(now: number, keys: RepositoryKeys, threshold: number): Promise<Result<FirstMetadata>> {
  const first = (role: string, body: JsonObject, signers: readonly SigningKey[]): Promise<Result<SignedFileContent>> =>
    signMetadata({ role, version: 1, now, body, keys: signers });
  const root = await first('root', rootBody(keys, threshold), keys.root);
  if (!root.ok) return root;
  const targets = await first('targets', { targets: {} }, [keys.targets]);
  if (!targets.ok) return targets;
  const snapshot = await first('snapshot', { meta: { 'targets.json': metaOf(targets.value) } }, [keys.snapshot]);
  if (!snapshot.ok) return snapshot;
  const timestamp = await first('timestamp', { meta: { 'snapshot.json': metaOf(snapshot.value) } }, [keys.timestamp]);
  return timestamp.ok ? succeed([root.value, targets.value, snapshot.value, timestamp.value]) : timestamp;
}

function rootBody(keys: RepositoryKeys, threshold: number): JsonObject {
  const { root, targets, snapshot, timestamp } = keys;
  const all = [...root, targets, snapshot, timestamp];
  return {
    consistent_snapshot: true,
    keys: Object.fromEntries(all.map((key) => [key.keyId, key.json])),
    roles: {
      root: { keyids: root.map((key) => key.keyId), threshold },
      targets: { keyids: [targets.keyId], threshold: 1 },
      snapshot: { keyids: [snapshot.keyId], threshold: 1 },
      timestamp: { keyids: [timestamp.keyId], threshold: 1 },
    },
  };
}

/** A repository without an anchor beside our keys: ours if our own keys signed its first root, then only the anchor was missing. */
async function adoptFinished(
  dependencies: PublishDependencies,
  request: InitRequest,
  store: KeyStore,
): Promise<Result<Uint8Array>> {
  const path = join(request.repository, metadataFile('root', 1));
  const bytes = await readAnchor(dependencies.files, path);
  if (!bytes.ok) return bytes;
  const trusted = await loadTrusted(dependencies.files, request.repository, bytes.value);
  if (!trusted.ok) return trusted;
  const key = await store.read('root-1');
  const signers = trusted.value.root.metadata.signed.roles['root']?.keyIDs ?? [];
  if (key.ok && signers.includes(key.value.keyId)) return succeed(bytes.value);
  return inUse(request.repository, 'there is a repository of other keys here');
}

function inUse(path: string, detail: string): Result<never> {
  return fail(faultOf('already-exists', detail, { path }));
}
