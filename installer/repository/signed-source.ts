import { createHash } from 'node:crypto';
import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { decodeManifestFile } from '../pack/manifest.ts';
import type { FileManifest, Release } from '../release.ts';
import { downloadSigned, type DownloadTools } from './download.ts';
import { MANIFEST_NAME, PACK_NAME, targetFile } from './layout.ts';
import type { MetadataClient, VerifiedTargets } from './metadata-client.ts';
import { isListed, listReleases, type Wanted } from './release-list.ts';
import type { ReleaseSource } from './release-source.ts';
import type { RangeRead } from './repository-reader.ts';
import { climb, SMALL_FILE_LADDER } from './retry-ladder.ts';
import { createRateMeter, tooSlow } from './transfer-rate.ts';

export interface SignedSourceTools extends DownloadTools {
  readonly client: MetadataClient;
}

/** A last word on the verified releases: what of them this source can really give. */
export type Selection = (listed: readonly Release[], verified: VerifiedTargets) => Result<readonly Release[]>;

/** The fault codes that mean "not trusted": one line in the log each time, because an attack looks like this. */
const TRUST_CODES: readonly string[] = [
  'signature-invalid',
  'metadata-expired',
  'metadata-rollback',
  'metadata-invalid',
  'path-refused',
  'wrong-target',
  'clock-wrong',
  'digest-mismatch',
];

/** A release source over any reader: nothing of the repository gets past this but what the metadata client verified. */
export function createSignedSource(
  tools: SignedSourceTools,
  wanted: Wanted,
  select: Selection = (listed) => succeed(listed),
): ReleaseSource {
  let releases: readonly Release[] | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const refreshOnce = async (signal?: AbortSignal): Promise<Result<readonly Release[]>> => {
    const verified = await tools.client.refresh(signal);
    const listed = verified.ok ? listReleases(verified.value, wanted) : verified;
    const selected = verified.ok && listed.ok ? select(listed.value, verified.value) : listed;
    releases = selected.ok ? selected.value : undefined;
    return tell(tools, selected);
  };
  // One after the other: two at once would save each other's metadata in turn.
  const refresh = (signal?: AbortSignal): Promise<Result<readonly Release[]>> => {
    const next = queue.then(() => refreshOnce(signal));
    queue = next.catch(() => undefined);
    return next;
  };
  const listed = async (release: Release, signal?: AbortSignal): Promise<Result<void>> => {
    const current = releases === undefined ? await refresh(signal) : succeed(releases);
    if (!current.ok) return current;
    if (isListed(current.value, release)) return succeed();
    return fail(
      faultOf('release-unknown', 'the repository does not list this release', { values: { version: release.version } }),
    );
  };
  return {
    refresh,
    manifest: async (release, signal) => {
      const known = await listed(release, signal);
      return known.ok ? tell(tools, await fetchManifest(tools, release, signal)) : known;
    },
    download: async (release, folder, options) => {
      const known = await listed(release, options.signal);
      if (!known.ok) return known;
      const packFile = tell(tools, await downloadSigned(tools, release.pack, folder, PACK_NAME, options));
      return packFile.ok ? succeed({ packFile: packFile.value }) : packFile;
    },
    ...(tools.reader.host === undefined ? {} : { host: tools.reader.host }),
  };
}

/** The manifest is small enough for memory: fetched whole, compared with the signed digest, then decoded. */
async function fetchManifest(
  tools: SignedSourceTools,
  release: Release,
  signal?: AbortSignal,
): Promise<Result<FileManifest>> {
  const { manifest } = release;
  const attempt = async (): Promise<Result<Buffer>> => {
    const opened = await tools.reader.openRange(targetFile(manifest), { from: 0, length: manifest.length, signal });
    if (!opened.ok) return opened;
    const read = await readWhole(tools, opened.value, manifest.length);
    await opened.value.discard();
    return read;
  };
  const bytes = await climb(tools.clock, SMALL_FILE_LADDER, attempt, signal);
  if (!bytes.ok) return bytes;
  if (createHash('sha256').update(bytes.value).digest('hex') !== manifest.sha256) {
    return fail(faultOf('digest-mismatch', 'the manifest is not the signed one', { values: { file: MANIFEST_NAME } }));
  }
  const decoded = decodeManifestFile(bytes.value);
  if (!decoded.ok || decoded.value.version === release.version) return decoded;
  return fail(
    faultOf('wrong-target', 'the manifest is of another version', { values: { version: decoded.value.version } }),
  );
}

async function readWhole(tools: SignedSourceTools, read: RangeRead, length: number): Promise<Result<Buffer>> {
  const pieces: Uint8Array[] = [];
  let taken = 0;
  const meter = createRateMeter(tools.clock);
  for await (const piece of read.body) {
    if (!piece.ok) return piece;
    taken += piece.value.length;
    if (taken > length) return fail(faultOf('body-too-long', `more than the signed ${length} bytes came`));
    pieces.push(piece.value);
    meter.add(piece.value.length);
    if (taken < length && meter.isTooSlow()) return fail(tooSlow());
  }
  if (taken < length) return fail(faultOf('body-truncated', `${taken} of ${length} bytes came`));
  return succeed(Buffer.concat(pieces));
}

function tell<Value>(tools: SignedSourceTools, outcome: Result<Value>): Result<Value> {
  if (!outcome.ok && TRUST_CODES.includes(outcome.fault.code)) {
    tools.log.warn('The repository was refused', { code: outcome.fault.code, detail: outcome.fault.detail });
  }
  return outcome;
}
