import type { Release } from '../../installer/release.ts';
import type { InstalledRecord } from '../../installer/update/installed.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { ReleaseView } from '../api/schemas.ts';
import type { InboxOffer } from '../application/inbox.ts';

/** An offered release. Pure. Notes fall back to English, then to any language there is. */
export function releaseView(
  release: Release,
  state: 'available' | 'bad',
  language: Language,
  more: { readonly file?: string | undefined; readonly from?: string | undefined } = {},
): ReleaseView {
  const { file, from } = more;
  const notes = notesOf(release, language);
  return {
    version: release.version,
    state,
    publishedAt: release.publishedAt,
    transferBytes: transferBytes(release, from),
    unpackedBytes: release.unpackedBytes,
    dataFormat: release.dataFormat,
    ...(notes === undefined ? {} : { notes }),
    ...(file === undefined ? {} : { file }),
  };
}

/** What a machine with the version `from` has to fetch, where its files are as they were shipped. */
export function transferBytes({ pack, manifest, deltas = [] }: Release, from: string | undefined): number {
  const delta = deltas.find((candidate) => candidate.from === from);
  const full = pack.length + manifest.length;
  return delta === undefined ? full : Math.min(full, delta.pack.length + delta.manifest.length);
}

function notesOf({ notes }: Release, language: Language): string | undefined {
  return notes[language] ?? notes['en'] ?? Object.values(notes)[0];
}

/** What is live, what is kept, what is offered beyond that by the repository, then by files in the inbox. Pure. */
export function releaseViews(
  installed: InstalledRecord,
  offered: readonly Release[],
  dropped: readonly InboxOffer[],
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
  const here = [...live, ...kept].map((view) => withNotes(view, offered, language));
  const known = new Set(here.map(({ version }) => version));
  const beyond = offered.filter(({ version }) => !known.has(version));
  const others = [...beyond, ...dropped.map(({ release }) => release)];
  const unseen = others.filter(
    ({ version }, index) => !known.has(version) && others.findIndex((other) => other.version === version) === index,
  );
  const fileOf = (release: Release): string | undefined => dropped.find((offer) => offer.release === release)?.file;
  return [
    ...here,
    ...unseen.map((release) =>
      releaseView(release, isBad(installed, release) ? 'bad' : 'available', language, {
        file: fileOf(release),
        from: installed.live?.version,
      }),
    ),
  ];
}

/** What is installed was once on offer; while it still is, its notes can be read. */
function withNotes(view: ReleaseView, offered: readonly Release[], language: Language): ReleaseView {
  const release = offered.find(({ version }) => version === view.version);
  const notes = release === undefined ? undefined : notesOf(release, language);
  return {
    ...view,
    ...(release === undefined ? {} : { publishedAt: release.publishedAt }),
    ...(notes === undefined ? {} : { notes }),
  };
}

/** The last moment that a `Date` can hold. */
const LATEST_DATE = 8.64e15;

function isBad(installed: InstalledRecord, { manifest }: Release): boolean {
  return installed.bad.some(({ manifestSha256 }) => manifestSha256 === manifest.sha256);
}
