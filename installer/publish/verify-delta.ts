import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { decodeDeltaManifestFile } from '../delta/delta-manifest.ts';
import { planDelta } from '../delta/plan-delta.ts';
import { readDelta } from '../delta/read-delta.ts';
import { rebuildManifest } from '../delta/rebuild-manifest.ts';
import { DISCARDING_SINK } from '../pack/splitter.ts';
import type { FileManifest, Release, ReleaseDelta } from '../release.ts';
import { targetFile } from '../repository/layout.ts';
import { openPublished, readSigned, unpackFiles } from './published-release.ts';

export interface DeltaCheck {
  readonly repository: string;
  readonly delta: ReleaseDelta;
  /** The release that the delta begins at; undefined when it is not published any more. */
  readonly old: Release | undefined;
  /** Of the release that it leads to. */
  readonly manifest: FileManifest;
  readonly signal?: AbortSignal | undefined;
}

export interface DeltaCheckDependencies {
  readonly files: Files;
  readonly machine: Pick<Machine, 'temporaryFolder'>;
}

/**
 * Applies a delta as a client would: the old release is unpacked into a temporary folder and the new contents are made of it.
 *
 * Of a delta from a release that is gone, the files alone are checked (by the caller) and read.
 * Errors: `archive-invalid`, `digest-mismatch`, `cancelled`, the disk's.
 */
export async function checkDelta(dependencies: DeltaCheckDependencies, check: DeltaCheck): Promise<Result<void>> {
  const { files, machine } = dependencies;
  const bytes = await readSigned(files, check.repository, check.delta.manifest);
  const decoded = bytes.ok ? decodeDeltaManifestFile(bytes.value) : bytes;
  if (!decoded.ok) return decoded;
  const old = check.old === undefined ? undefined : await openPublished(files, check.repository, check.old);
  if (old === undefined) return succeed();
  if (!old.ok) return old;
  const rebuilt = rebuildManifest(old.value.manifest, decoded.value);
  if (!rebuilt.ok) return rebuilt;
  const plan = planDelta(old.value.manifest, check.manifest, decoded.value);
  if (!plan.ok) return plan;
  const oldFolder = join(machine.temporaryFolder, `om-publish-${randomBytes(8).toString('hex')}`);
  const unpacked = await unpackFiles(files, old.value, oldFolder, check.signal);
  const packFile = join(check.repository, targetFile(check.delta.pack));
  const source = { files, packFile, oldFolder, plan: plan.value, signal: check.signal };
  const applied = unpacked.ok ? await readDelta(source, DISCARDING_SINK) : unpacked;
  const removed = await files.removeTree(oldFolder);
  if (!applied.ok) return located(applied, check.delta);
  return removed;
}

function located(failed: Extract<Result<void>, { ok: false }>, delta: ReleaseDelta): Result<never> {
  const { fault } = failed;
  if (fault.code === 'cancelled') return failed;
  return fail(
    faultOf(fault.code, `the delta from ${delta.from} cannot be applied: ${fault.detail}`, {
      values: { target: delta.pack.path },
      cause: fault,
    }),
  );
}
