import { isDeepStrictEqual } from 'node:util';
import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { choosePublished, type PublishedChoice } from './choose-published.ts';
import { createKeyStore, type KeyStoreOptions } from './keys.ts';
import { type PublishDependencies, loadOwn, publishAlone, writeMetadata } from './publication.ts';
import { metadataWithReleases, without } from './release-metadata.ts';
import { tufInstant } from './signed-metadata.ts';

export interface EditRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  readonly choice: PublishedChoice;
}

export interface EditedReleases {
  readonly releases: readonly Release[];
  /** False when they were so already: nothing was signed or written. */
  readonly changed: boolean;
}

/** Offers a release to a share of the machines, from an instant on; 100 and no instant = to everybody now. */
export async function rolloutRelease(
  dependencies: PublishDependencies,
  request: EditRequest & { readonly percentage: number; readonly startsAt?: string | undefined },
): Promise<Result<EditedReleases>> {
  const { percentage, startsAt } = request;
  return editReleases(dependencies, request, (release) =>
    percentage === 100 && startsAt === undefined
      ? without(release, 'rollout')
      : { ...release, rollout: { percentage, ...(startsAt === undefined ? {} : { startsAt }) } },
  );
}

/** Takes a release back: launchers do not offer it any more, and tell those who run it. With `again`, gives it out again. */
export async function withdrawRelease(
  dependencies: PublishDependencies,
  request: EditRequest & { readonly reason?: string | undefined; readonly again?: boolean | undefined },
): Promise<Result<EditedReleases>> {
  const { reason, again } = request;
  return editReleases(dependencies, request, (release) => {
    if (again === true) return without(release, 'withdrawn');
    const at = release.withdrawn?.at ?? tufInstant(dependencies.clock.now());
    return { ...release, withdrawn: { at, ...(reason === undefined ? {} : { reason }) } };
  });
}

/** Signs the chosen releases anew with other words; their files stay. Errors: those of `choosePublished`, of keys and disk. */
async function editReleases(
  dependencies: PublishDependencies,
  request: EditRequest,
  edit: (release: Release) => Release,
): Promise<Result<EditedReleases>> {
  const { files, clock } = dependencies;
  return publishAlone<EditedReleases>(dependencies, request.repository, async () => {
    const keys = createKeyStore(files, request.keys);
    const trusted = await loadOwn(files, request.repository, keys);
    const chosen = trusted.ok ? choosePublished(trusted.value, request.choice) : trusted;
    if (!trusted.ok || !chosen.ok) return trusted.ok ? (chosen as Result<never>) : trusted;
    const releases = chosen.value.map(edit);
    if (isDeepStrictEqual(releases, chosen.value)) return succeed({ releases, changed: false });
    const contents = await metadataWithReleases(clock, keys, trusted.value, releases);
    const written = contents.ok ? await writeMetadata(files, request.repository, contents.value) : contents;
    return written.ok ? succeed({ releases, changed: true }) : written;
  });
}
