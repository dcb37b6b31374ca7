import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { inFlight } from '../pack/in-flight.ts';

const READS_IN_FLIGHT = 4;

/** Contents on this machine: where a file with each digest lies, relative to the bundle. */
export type InstalledContents = ReadonlyMap<string, string>;

/**
 * Reads every file of a bundle that has one of these sizes: by content, so that a renamed file still serves and a changed one
 * never does. A file that changes or vanishes meanwhile is found out when it is used.
 *
 * Errors: `cancelled`; a file that cannot be read is passed over, for the repository has its content, too.
 */
export async function findInstalled(
  files: Pick<Files, 'walk' | 'digest'>,
  bundle: string,
  sizes: ReadonlySet<number>,
  signal?: AbortSignal,
): Promise<Result<InstalledContents>> {
  const contents = new Map<string, string>();
  const read = await inFlight(READS_IN_FLIGHT, files.walk(bundle), async (walked) => {
    if (signal?.aborted === true) return fail(faultOf('cancelled', 'looking at the installed files was cancelled'));
    if (!walked.ok || walked.value.facts.kind !== 'file' || !sizes.has(walked.value.facts.size)) return succeed();
    const { path } = walked.value;
    const digest = await files.digest(join(bundle, path));
    if (digest.ok) keepFirst(contents, digest.value, path);
    return succeed();
  });
  return read.ok ? succeed(contents) : read;
}

/** Of equal files always the same one, whichever was read sooner. */
function keepFirst(contents: Map<string, string>, sha256: string, path: string): void {
  const known = contents.get(sha256);
  if (known === undefined || path < known) contents.set(sha256, path);
}
