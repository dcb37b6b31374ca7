import { createHash } from 'node:crypto';
import { TrustedMetadataStore as TrustedSet } from 'tuf-js/dist/store.js';
import type { Log } from '../../platform/log.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { metadataFile } from './layout.ts';
import { verified } from './metadata-fault.ts';
import { guardKeys, guardMetadata } from './metadata-guard.ts';
import { fetchRole, type RefreshWalk } from './refresh-walk.ts';
import { METADATA_CAPS, type TrustedMetadataStore } from './trusted-metadata-store.ts';
import type { VersionFloor } from './version-floor.ts';

/** Rotations followed in one refresh; the next refresh goes on from there. TUF 1.0 §5.3.3 wants such a limit. */
const ROTATIONS_PER_REFRESH = 256;

export interface Anchor {
  /** The root that came with the launcher or that the configuration names. */
  readonly bytes: Buffer;
  readonly sha256: string;
}

export function anchorOf(root: Uint8Array): Anchor {
  return { bytes: Buffer.from(root), sha256: createHash('sha256').update(root).digest('hex') };
}

/**
 * TUF 1.0 §5.2: begins with the trusted root. The one on disk, if it can be read and was reached from this very anchor;
 * otherwise the anchor, from which the chain is walked again.
 *
 * `referenceMs` is the one time that all expiry is measured against (§5.1).
 */
export async function beginTrust(
  store: TrustedMetadataStore,
  log: Log,
  anchor: Anchor,
  floor: VersionFloor,
  referenceMs: number,
): Promise<Result<TrustedSet>> {
  const embedded = openRoot(anchor.bytes, referenceMs);
  const bytes = floor.anchor === anchor.sha256 || floor.anchor === '' ? await store.read('root') : undefined;
  if (bytes === undefined) return embedded;
  const local = openRoot(bytes, referenceMs);
  if (!local.ok) {
    log.warn('The saved root cannot be used; trust begins again with the embedded one', { fault: local.fault });
    return embedded;
  }
  const isBehind = embedded.ok && embedded.value.root.signed.version > local.value.root.signed.version;
  return isBehind ? embedded : local;
}

/** TUF 1.0 §5.3: root by root, each signed by the one before it and by itself, each saved before the next is asked for. */
export async function walkRoots(
  walk: Pick<RefreshWalk, 'trusted' | 'store' | 'reader' | 'signal'>,
): Promise<Result<void>> {
  for (let rotations = 0; rotations < ROTATIONS_PER_REFRESH; rotations += 1) {
    const version = walk.trusted.root.signed.version + 1;
    const read = await fetchRole(walk, 'root', metadataFile('root', version), METADATA_CAPS.root);
    if (!read.ok) return read;
    const bytes = read.value;
    if (bytes === 'absent') return succeed();
    const updated = verified('root', () => walk.trusted.updateRoot(bytes));
    const guarded = updated.ok ? guardKeys('root', updated.value) : updated;
    const saved = guarded.ok ? await walk.store.write('root', bytes) : guarded;
    if (!saved.ok) return saved;
  }
  return succeed();
}

function openRoot(bytes: Buffer, referenceMs: number): Result<TrustedSet> {
  const guarded = guardMetadata('root', bytes);
  if (!guarded.ok) return guarded;
  const opened = verified('root', () => new TrustedSet(bytes));
  if (!opened.ok) return opened;
  const keys = guardKeys('root', opened.value.root);
  if (!keys.ok) return fail(keys.fault);
  // The library takes the machine's time at construction; ours is a parameter. A renamed field must not pass unnoticed.
  if (!(Reflect.get(opened.value, 'referenceTime') instanceof Date))
    throw new Error('tuf-js has no referenceTime any more');
  Reflect.set(opened.value, 'referenceTime', new Date(referenceMs));
  return opened;
}
