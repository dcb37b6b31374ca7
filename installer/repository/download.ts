import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { SignedFile } from '../release.ts';
import { targetFile } from './layout.ts';
import { openPartFile, type PartFile } from './part-file.ts';
import type { TransferOptions } from './release-source.ts';
import type { RepositoryReader } from './repository-reader.ts';
import { cancelled } from './retry-ladder.ts';
import { fillPart } from './fill-part.ts';

/** Free space that stays on the volume beside the pack. */
const SPACE_MARGIN_BYTES = 16 * 1024 * 1024;

export interface DownloadTools {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  readonly reader: RepositoryReader;
}

/**
 * Brings a signed file into `folder/<name>`, resuming what an earlier call left there; what is returned has the signed
 * length and SHA-256 and is on disk.
 *
 * A cut, a kill or a cancellation leaves `<name>.part` and its side file to go on from. Wrong content is fetched a second
 * time from its first byte, without Range. Errors: `space-short`, `digest-mismatch`, `body-too-long`, `too-slow`,
 * `cancelled`, network and disk faults.
 */
export async function downloadSigned(
  tools: DownloadTools,
  wanted: SignedFile,
  folder: string,
  name: string,
  options: TransferOptions,
): Promise<Result<string>> {
  const target = join(folder, name);
  const settled = await settleEarlier(tools.files, target, wanted);
  if (!settled.ok || settled.value === 'complete') return settled.ok ? succeed(target) : settled;
  const part = await openPartFile(tools.files, folder, name, wanted);
  if (!part.ok) return part;
  const fetched = await fetchVerified(tools, part.value, wanted, folder, options);
  if (fetched.ok) {
    const published = await part.value.publish(target);
    return published.ok ? succeed(target) : published;
  }
  const left = await (isUseless(fetched.fault) ? part.value.remove() : part.value.close());
  if (!left.ok) tools.log.warn('The rest of a transfer could not be put away', { fault: left.fault });
  return options.signal?.aborted === true ? fail(cancelled()) : fetched;
}

/** A file of an earlier call that is already right is kept; anything else under that name is in the way. */
async function settleEarlier(files: Files, target: string, wanted: SignedFile): Promise<Result<'complete' | 'absent'>> {
  const facts = await files.facts(target);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return succeed('absent');
  if (facts.value.kind === 'file' && facts.value.size === wanted.length) {
    const digest = await files.digest(target);
    if (!digest.ok) return digest;
    if (digest.value === wanted.sha256) return succeed('complete');
  }
  const removed = await files.removeTree(target);
  return removed.ok ? succeed('absent') : removed;
}

async function fetchVerified(
  tools: DownloadTools,
  part: PartFile,
  wanted: SignedFile,
  folder: string,
  options: TransferOptions,
): Promise<Result<void>> {
  for (let [mayResume, again] = [true, true]; again; mayResume = false) {
    const room = await checkSpace(tools.files, folder, wanted.length - part.length());
    if (!room.ok) return room;
    const filled = await fillPart(tools, part, { path: targetFile(wanted), length: wanted.length, mayResume }, options);
    if (!filled.ok) return filled;
    if (part.digest() === wanted.sha256) return succeed();
    // Once more without Range, and then from each copy that has not been asked yet.
    again = (tools.reader.disown?.(targetFile(wanted)) ?? 0) > 0 || mayResume;
    tools.log.warn('The content fetched is not the signed content', { path: wanted.path, again });
    const restarted = await part.restart();
    if (!restarted.ok) return restarted;
  }
  return fail(
    faultOf('digest-mismatch', 'the content fetched is not the signed content, twice', {
      values: { file: wanted.path },
    }),
  );
}

/** Errors: `space-short`. */
export async function checkSpace(files: Files, folder: string, missing: number): Promise<Result<void>> {
  const space = await files.space(folder);
  if (!space.ok) return space;
  const needed = missing + (missing > 0 ? SPACE_MARGIN_BYTES : 0);
  if (space.value.freeBytes >= needed) return succeed();
  return fail(
    faultOf('space-short', `the download needs ${needed} bytes, ${space.value.freeBytes} are free`, {
      path: folder,
      values: { neededBytes: needed, freeBytes: space.value.freeBytes },
    }),
  );
}

/** Faults after which the bytes on disk help nobody: they are wrong, or they fill the disk. */
export function isUseless(fault: Fault): boolean {
  return ['digest-mismatch', 'body-too-long', 'disk-full', 'quota-exceeded'].includes(fault.code);
}
