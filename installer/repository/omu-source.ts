import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { Release, SignedFile } from '../release.ts';
import { targetFile } from './layout.ts';
import { createMetadataClient, type VerifiedTargets } from './metadata-client.ts';
import { createOmuReader } from './omu-reader.ts';
import { readOmuIndex, type OmuIndex } from './omu.ts';
import type { Wanted } from './release-list.ts';
import type { ReleaseSource } from './release-source.ts';
import { checkWanted, clientOptions, type ReleaseSourceDependencies, type TrustOptions } from './signed-repository.ts';
import { createSignedSource } from './signed-source.ts';

const DAY_MS = 86_400_000;

export interface OmuSourceOptions extends TrustOptions {
  /** The release file, absolute. */
  readonly file: string;
  /**
   * A person has seen the age and confirms: timestamp and snapshot may have expired or be older than what was seen here.
   * Root and targets never, and no version of a targets role that is behind the floor.
   */
  readonly acceptAged: boolean;
}

/** How old an accepted release file is. */
export interface OmuAge {
  /** When its timestamp or snapshot expired, ISO. */
  readonly expiredAt: string;
  /** Whole days since. */
  readonly days: number;
}

export interface OmuSource extends ReleaseSource {
  /** Known after `refresh`; undefined while the file is fresh. */
  age(): OmuAge | undefined;
}

/**
 * Opens a release file (`.omu`) as a source of the one release in it, under the rules of the repository it comes from.
 *
 * `refresh` gives `metadata-expired` (with `values.days` and `values.expires`, to be shown for the confirmation),
 * `wrong-target` for another product, channel or platform, `archive-invalid` for what is no such file.
 * Errors here: `configuration-invalid`.
 */
export function createOmuSource(
  dependencies: Omit<ReleaseSourceDependencies, 'network'>,
  options: OmuSourceOptions,
): Result<OmuSource> {
  const wanted = checkWanted(options);
  if (!wanted.ok) return wanted;
  const { clock, files, log } = dependencies;
  const state: { index?: OmuIndex; age?: OmuAge | undefined } = {};
  const index = async (): Promise<Result<OmuIndex>> => {
    const read = state.index === undefined ? await readOmuIndex(files, options.file) : succeed(state.index);
    if (read.ok) state.index = read.value;
    return read.ok ? checkAddress(read.value, wanted.value) : read;
  };
  const reader = createOmuReader(files, options.file, index);
  const client = createMetadataClient(
    { clock, files, log, reader },
    { ...clientOptions(options), acceptAged: options.acceptAged },
  );
  const source = createSignedSource({ clock, files, log, reader, client }, wanted.value, (listed, verified) => {
    state.age = ageOf(verified, clock.now());
    if (state.age !== undefined) log.warn('An aged release file is accepted', { file: options.file, ...state.age });
    return state.index === undefined ? succeed(listed) : heldReleases(listed, state.index);
  });
  return succeed({
    ...source,
    refresh: (signal) => {
      // The file may have been replaced since the last look.
      delete state.index;
      return source.refresh(signal);
    },
    age: () => state.age,
  });
}

function checkAddress(index: OmuIndex, wanted: Wanted): Result<OmuIndex> {
  const { product, channel, platform } = index.address;
  if (product === wanted.product && channel === wanted.channel && platform === wanted.platform) return succeed(index);
  return fail(
    faultOf('wrong-target', `the release file is for ${product} ${channel} on ${platform}`, {
      values: { product, channel, platform },
    }),
  );
}

/** Of all that the role lists, only what lies in the file. */
function heldReleases(listed: readonly Release[], index: OmuIndex): Result<readonly Release[]> {
  const isHeld = (file: SignedFile): boolean => index.files.has(targetFile(file));
  const held = listed
    .filter(({ manifest, pack }) => isHeld(manifest) && isHeld(pack))
    .map(({ deltas, ...release }) => {
      const here = deltas?.filter(({ manifest, pack }) => isHeld(manifest) && isHeld(pack)) ?? [];
      return here.length === 0 ? release : { ...release, deltas: here };
    });
  if (held.length > 0) return succeed(held);
  return fail(faultOf('wrong-target', 'the release in the file is none that its metadata lists for this machine'));
}

function ageOf(verified: VerifiedTargets, nowMs: number): OmuAge | undefined {
  const { expiredAt } = verified;
  if (expiredAt === undefined) return undefined;
  return { expiredAt, days: Math.floor((nowMs - Date.parse(expiredAt)) / DAY_MS) };
}
