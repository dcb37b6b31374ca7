import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import {
  type MetaFile,
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { metadataFile } from '../repository/layout.ts';

/** Largest metadata files read, bytes. */
const METADATA_LIMITS = {
  root: 512 * 1024,
  timestamp: 16 * 1024,
  snapshot: 2 * 1024 * 1024,
  targets: 16 * 1024 * 1024,
};

/** Root rotations followed from the anchor; far more than a vendor will ever sign. */
const ROTATIONS_LIMIT = 1_024;

/** One metadata file whose signatures hold. */
export interface TrustedFile<Signed extends Root | Timestamp | Snapshot | Targets> {
  readonly role: string;
  readonly bytes: Buffer;
  readonly metadata: Metadata<Signed>;
}

/** The metadata that a repository shows now, verified from the anchor down. Expiry is not judged here. */
export interface TrustedRepository {
  /** From the anchor to the newest. */
  readonly roots: readonly TrustedFile<Root>[];
  readonly root: TrustedFile<Root>;
  readonly timestamp: TrustedFile<Timestamp>;
  readonly snapshot: TrustedFile<Snapshot>;
  readonly targets: TrustedFile<Targets>;
  /** By role name, in the order of the delegations. */
  readonly delegated: ReadonlyMap<string, TrustedFile<Targets>>;
}

/**
 * Loads a repository as a client would (TUF 1.0 §5.3–5.6), but whatever its age, so that expired metadata can be renewed.
 *
 * A publisher needs this as much as a client: what lies on a web server must not be signed again unseen.
 * Errors: `signature-invalid`, `metadata-invalid`, `not-found`, the disk's.
 */
export async function loadTrusted(
  files: Files,
  repository: string,
  anchor: Buffer,
): Promise<Result<TrustedRepository>> {
  const roots = await loadRoots(files, repository, anchor);
  if (!roots.ok) return roots;
  const root = roots.value.at(-1) ?? roots.value[0];
  const timestamp = await load(files, repository, { kind: MetadataKind.Timestamp, role: 'timestamp', signer: root });
  if (!timestamp.ok) return timestamp;
  const snapshotMeta = timestamp.value.metadata.signed.snapshotMeta;
  const snapshot = await load(files, repository, {
    kind: MetadataKind.Snapshot,
    role: 'snapshot',
    signer: root,
    meta: snapshotMeta,
  });
  if (!snapshot.ok) return snapshot;
  const targets = await loadTargets(files, repository, 'targets', root, snapshot.value);
  if (!targets.ok) return targets;
  const delegated = await loadDelegated(files, repository, targets.value, snapshot.value);
  if (!delegated.ok) return delegated;
  return succeed({
    roots: roots.value,
    root,
    timestamp: timestamp.value,
    snapshot: snapshot.value,
    targets: targets.value,
    delegated: delegated.value,
  });
}

type Roots = readonly [TrustedFile<Root>, ...TrustedFile<Root>[]];

/** TUF 1.0 §5.3: from the anchor, one version after the other, each signed by the one before and by itself. */
async function loadRoots(files: Files, repository: string, anchor: Buffer): Promise<Result<Roots>> {
  const first = parse(MetadataKind.Root, 'root', anchor);
  if (!first.ok) return first;
  const self = checkSignature(first.value, first.value);
  if (!self.ok) return self;
  const roots: [TrustedFile<Root>, ...TrustedFile<Root>[]] = [first.value];
  for (let newest = first.value; roots.length <= ROTATIONS_LIMIT;) {
    const version = newest.metadata.signed.version + 1;
    const bytes = await files.readBytes(join(repository, metadataFile('root', version)), METADATA_LIMITS.root);
    if (!bytes.ok) return bytes.fault.code === 'not-found' ? succeed(roots) : bytes;
    const next = parse(MetadataKind.Root, 'root', bytes.value);
    if (!next.ok) return next;
    for (const signer of [newest, next.value]) {
      const signed = checkSignature(signer, next.value);
      if (!signed.ok) return signed;
    }
    if (next.value.metadata.signed.version !== version)
      return invalid('root', 'its version is not the one in its name');
    roots.push(next.value);
    newest = next.value;
  }
  return invalid('root', 'there are too many versions of it');
}

async function loadTargets(
  files: Files,
  repository: string,
  role: string,
  signer: TrustedFile<Root> | TrustedFile<Targets>,
  snapshot: TrustedFile<Snapshot>,
): Promise<Result<TrustedFile<Targets>>> {
  const meta = snapshot.metadata.signed.meta[`${role}.json`];
  if (meta === undefined) return invalid(role, 'the snapshot does not name it');
  return load(files, repository, { kind: MetadataKind.Targets, role, signer, meta });
}

async function loadDelegated(
  files: Files,
  repository: string,
  targets: TrustedFile<Targets>,
  snapshot: TrustedFile<Snapshot>,
): Promise<Result<ReadonlyMap<string, TrustedFile<Targets>>>> {
  const delegated = new Map<string, TrustedFile<Targets>>();
  for (const role of Object.keys(targets.metadata.signed.delegations?.roles ?? {})) {
    const loaded = await loadTargets(files, repository, role, targets, snapshot);
    if (!loaded.ok) return loaded;
    delegated.set(role, loaded.value);
  }
  return succeed(delegated);
}

interface SignedByKind {
  readonly [MetadataKind.Root]: Root;
  readonly [MetadataKind.Timestamp]: Timestamp;
  readonly [MetadataKind.Snapshot]: Snapshot;
  readonly [MetadataKind.Targets]: Targets;
}

interface LoadRequest<Kind extends MetadataKind> {
  readonly kind: Kind;
  readonly role: string;
  readonly signer: TrustedFile<Root> | TrustedFile<Targets>;
  /** What the naming file says of it; the timestamp is named by nobody. */
  readonly meta?: MetaFile;
}

async function load<Kind extends MetadataKind>(
  files: Files,
  repository: string,
  request: LoadRequest<Kind>,
): Promise<Result<TrustedFile<SignedByKind[Kind]>>> {
  const path = join(repository, metadataFile(request.role, request.meta?.version ?? 0));
  const bytes = await files.readBytes(path, METADATA_LIMITS[request.kind]);
  if (!bytes.ok) return bytes;
  const named = checkMeta(request, bytes.value);
  if (!named.ok) return named;
  const parsed = parse(request.kind, request.role, bytes.value);
  if (!parsed.ok) return parsed;
  const signed = checkSignature(request.signer, parsed.value);
  if (!signed.ok) return signed;
  const { version } = parsed.value.metadata.signed;
  if (request.meta !== undefined && request.meta.version !== version)
    return invalid(request.role, 'its version is not the one in its name');
  return parsed;
}

/** Version, length and digests as the snapshot or the timestamp gives them (TUF 1.0 §5.5.2, §5.6.2). */
function checkMeta(request: LoadRequest<MetadataKind>, bytes: Buffer): Result<void> {
  try {
    request.meta?.verify(bytes);
    return succeed();
  } catch (error) {
    return invalid(request.role, messageOf(error));
  }
}

function parse<Kind extends MetadataKind>(
  kind: Kind,
  role: string,
  bytes: Buffer,
): Result<TrustedFile<SignedByKind[Kind]>> {
  try {
    const json = JSON.parse(bytes.toString('utf8')) as Parameters<typeof Metadata.fromJSON>[1];
    // The overloads of fromJSON cannot be named by a type parameter; it compares `_type` with the kind itself.
    const metadata = Metadata.fromJSON(kind as MetadataKind.Root, json) as unknown as Metadata<SignedByKind[Kind]>;
    const { version } = metadata.signed;
    if (!Number.isSafeInteger(version) || version < 1) return invalid(role, 'its version is no counting number');
    return succeed({ role, bytes, metadata });
  } catch (error) {
    return invalid(role, messageOf(error));
  }
}

function checkSignature(
  signer: TrustedFile<Root> | TrustedFile<Targets>,
  signed: TrustedFile<Root | Timestamp | Snapshot | Targets>,
): Result<void> {
  try {
    signer.metadata.verifyDelegate(signed.role, signed.metadata);
    return succeed();
  } catch (error) {
    return fail(faultOf('signature-invalid', `${signed.role}: ${messageOf(error)}`, { values: { role: signed.role } }));
  }
}

function invalid(role: string, why: string): Result<never> {
  return fail(faultOf('metadata-invalid', `${role}: ${why}`, { values: { role } }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unreadable';
}
