import type { Files } from '../../platform/files.ts';
import type { FolderEvent, FolderWatches } from '../../platform/folder-watch.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../../installer/release.ts';
import type { ReleaseSources } from '../wiring/release-sources.ts';

/** A release file that lies in the inbox and whose signatures hold; nothing is installed without an order. */
export interface InboxOffer {
  /** Absolute. */
  readonly file: string;
  readonly release: Release;
}

/** The folder in which a signed release file may be dropped to be offered. */
export interface Inbox {
  offers(): readonly InboxOffer[];
  close(): Promise<void>;
}

export interface InboxParts {
  readonly files: Pick<Files, 'makeFolder'>;
  readonly watches: FolderWatches;
  readonly sources: Pick<ReleaseSources, 'open'>;
  readonly log: Log;
}

const RELEASE_FILE = /\.omu$/i;
/** Reading and verifying the metadata of one file, milliseconds. */
const VERIFY_LIMIT_MS = 120_000;
/** More files than this are nobody's intention. */
const FILES_LIMIT = 50;
const FOLDER_MODE = 0o750;

/** Watches the folder (and makes it); what is there already is looked at as well. */
export async function openInbox(parts: InboxParts, folder: string): Promise<Result<Inbox>> {
  const made = await parts.files.makeFolder(folder, FOLDER_MODE);
  if (!made.ok) return made;
  const offers = new Map<string, Release>();
  const closing = new AbortController();
  // One after the other: two verifications would write the same trusted metadata.
  let looking: Promise<void> = Promise.resolve();
  const watch = parts.watches.watch(folder, (event) => {
    looking = looking.then(() => take(parts, offers, event, closing.signal));
  });
  return succeed({
    offers: () => Array.from(offers, ([file, release]) => ({ file, release })),
    async close() {
      closing.abort();
      await watch.close();
      await looking;
    },
  });
}

async function take(
  parts: InboxParts,
  offers: Map<string, Release>,
  { kind, path }: FolderEvent,
  closing: AbortSignal,
): Promise<void> {
  if (!RELEASE_FILE.test(path) || closing.aborted) return;
  offers.delete(path);
  if (kind === 'removed' || offers.size >= FILES_LIMIT) return;
  const verified = await verify(parts, path, AbortSignal.any([closing, AbortSignal.timeout(VERIFY_LIMIT_MS)]));
  if (!verified.ok) {
    const { code, detail } = verified.fault;
    parts.log.warn('a file in the inbox is not offered', { path, code, detail });
    return;
  }
  if (verified.value === undefined) return;
  offers.set(path, verified.value);
  parts.log.info('a release in the inbox is offered', { path, version: verified.value.version });
}

async function verify(
  { sources }: InboxParts,
  file: string,
  signal: AbortSignal,
): Promise<Result<Release | undefined>> {
  const source = await sources.open({ fromFile: file });
  const listed = source.ok ? await source.value.refresh(signal) : source;
  return listed.ok ? succeed(listed.value[0]) : listed;
}
