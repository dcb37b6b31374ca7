import type { Release } from '../../installer/release.ts';
import type { InstalledRecord } from '../../installer/update/installed.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { ReleaseView } from '../api/schemas.ts';

/** An offered release. Pure. Notes fall back to English, then to any language there is. */
export function releaseView(release: Release, state: 'available' | 'bad', language: Language): ReleaseView {
  const notes = release.notes[language] ?? release.notes['en'] ?? Object.values(release.notes)[0];
  return {
    version: release.version,
    state,
    publishedAt: release.publishedAt,
    transferBytes: release.pack.length,
    unpackedBytes: release.unpackedBytes,
    dataFormat: release.dataFormat,
    ...(notes === undefined ? {} : { notes }),
  };
}

/** What is live, what is kept, what is offered beyond that. Pure. */
export function releaseViews(
  installed: InstalledRecord,
  offered: readonly Release[],
  language: Language,
): readonly ReleaseView[] {
  const live: ReleaseView[] =
    installed.live === undefined
      ? []
      : [
          {
            version: installed.live.version,
            state: 'live',
            ...(installed.live.dataFormat === undefined ? {} : { dataFormat: installed.live.dataFormat }),
          },
        ];
  const kept = installed.kept.map(({ version, keptUntil, dataFormat }): ReleaseView => ({
    version,
    state: 'kept',
    ...(Number.isSafeInteger(keptUntil) && keptUntil < LATEST_DATE
      ? { keptUntil: new Date(keptUntil).toISOString() }
      : {}),
    ...(dataFormat === undefined ? {} : { dataFormat }),
  }));
  const here = new Set([...live, ...kept].map(({ version }) => version));
  const others = offered
    .filter(({ version }) => !here.has(version))
    .map((release) => releaseView(release, isBad(installed, release) ? 'bad' : 'available', language));
  return [...live, ...kept, ...others];
}

/** The last moment that a `Date` can hold. */
const LATEST_DATE = 8.64e15;

function isBad(installed: InstalledRecord, { manifest }: Release): boolean {
  return installed.bad.some(({ manifestSha256 }) => manifestSha256 === manifest.sha256);
}
