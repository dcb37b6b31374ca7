import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { decodeManifestFile } from '../pack/manifest.ts';
import { decodeDeltaManifestFile, type DeltaManifest } from '../delta/delta-manifest.ts';
import type { FileManifest, Release, ReleaseDelta, SignedFile } from '../release.ts';
import { downloadSigned, type DownloadTools } from './download.ts';
import { downloadObjects } from './download-objects.ts';
import { DELTA_PACK_NAME, PACK_NAME, targetFile } from './layout.ts';
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
  const once = async <Value>(
    subject: { readonly release: Release; readonly delta?: ReleaseDelta; readonly signal?: AbortSignal | undefined },
    act: () => Promise<Result<Value>>,
  ): Promise<Result<Value>> => {
    const known = await listed(subject.release, subject.signal);
    const still = known.ok ? checkDelta(releases ?? [], subject.release, subject.delta) : known;
    return still.ok ? tell(tools, await act()) : still;
  };
  return {
    refresh,
    manifest: (release, signal) => once({ release, signal }, () => fetchManifest(tools, release, signal)),
    download: (release, folder, options) =>
      once({ release, signal: options.signal }, async () =>
        packFileOf(await downloadSigned(tools, release.pack, folder, PACK_NAME, options)),
      ),
    deltaManifest: (release, delta, signal) =>
      once({ release, delta, signal }, () => fetchDeltaManifest(tools, delta, signal)),
    downloadDelta: (release, delta, folder, options) =>
      once({ release, delta, signal: options.signal }, async () =>
        packFileOf(await downloadSigned(tools, delta.pack, folder, DELTA_PACK_NAME, options)),
      ),
    downloadObjects: (release, objects, folder, options) =>
      once({ release, signal: options.signal }, async () =>
        packFileOf(await downloadObjects(tools, release.pack, objects, folder, options)),
      ),
    get host() {
      return tools.reader.host;
    },
  };
}

function packFileOf(fetched: Result<string>): Result<{ readonly packFile: string }> {
  return fetched.ok ? succeed({ packFile: fetched.value }) : fetched;
}

/** A delta that somebody remembers must still be signed as it was. */
function checkDelta(releases: readonly Release[], release: Release, delta: ReleaseDelta | undefined): Result<void> {
  const now = releases.find(({ version, platform }) => version === release.version && platform === release.platform);
  if (delta === undefined || now?.deltas?.some((one) => isDeepStrictEqual(one, delta)) === true) return succeed();
  return fail(
    faultOf('release-unknown', 'the repository does not list this delta', { values: { version: delta.from } }),
  );
}

async function fetchManifest(
  tools: SignedSourceTools,
  release: Release,
  signal?: AbortSignal,
): Promise<Result<FileManifest>> {
  const bytes = await fetchSmall(tools, release.manifest, signal);
  const decoded = bytes.ok ? decodeManifestFile(bytes.value) : bytes;
  if (!decoded.ok || decoded.value.version === release.version) return decoded;
  return fail(
    faultOf('wrong-target', 'the manifest is of another version', { values: { version: decoded.value.version } }),
  );
}

async function fetchDeltaManifest(
  tools: SignedSourceTools,
  delta: ReleaseDelta,
  signal?: AbortSignal,
): Promise<Result<DeltaManifest>> {
  const bytes = await fetchSmall(tools, delta.manifest, signal);
  return bytes.ok ? decodeDeltaManifestFile(bytes.value) : bytes;
}

/** A manifest is small enough for memory: fetched whole, compared with the signed digest, then decoded. */
async function fetchSmall(tools: SignedSourceTools, file: SignedFile, signal?: AbortSignal): Promise<Result<Buffer>> {
  const attempt = async (): Promise<Result<Buffer>> => {
    const opened = await tools.reader.openRange(targetFile(file), { from: 0, length: file.length, signal });
    if (!opened.ok) return opened;
    const read = await readWhole(tools, opened.value, file.length);
    await opened.value.discard();
    return read;
  };
  for (;;) {
    const bytes = await climb(tools.clock, SMALL_FILE_LADDER, attempt, signal);
    if (!bytes.ok || createHash('sha256').update(bytes.value).digest('hex') === file.sha256) return bytes;
    if ((tools.reader.disown?.(targetFile(file)) ?? 0) > 0) continue;
    return fail(
      faultOf('digest-mismatch', 'the manifest is not the signed one', { values: { file: posix.basename(file.path) } }),
    );
  }
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
