import { faultOf } from '../../platform/fault.ts';
import type { Files, WalkedEntry } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { ManifestEntry } from '../release.ts';
import { ENTRIES_LIMIT } from './manifest.ts';
import { EMPTY_SHA256 } from './manifest-rules.ts';
import { join } from 'node:path';

/** Refused in a folder that is to be published: set-user-ID, set-group-ID, sticky. */
const SPECIAL_BITS = 0o7000;

/**
 * The entries of a folder that is to be published, sorted by path (parents first), each file digested.
 *
 * Rights are evened out, so that two builders with different umasks make the same release: the owner's rights stay (with
 * reading, and for folders everything, added), group and others keep read and execute only.
 * Errors: `archive-invalid` for a socket, fifo, device or special bit; `too-large` beyond the number of entries; the disk's.
 */
export async function readBundleTree(
  files: Files,
  folder: string,
  signal?: AbortSignal,
): Promise<Result<readonly ManifestEntry[]>> {
  const entries: ManifestEntry[] = [];
  for await (const walked of files.walk(folder)) {
    if (signal?.aborted === true) return fail(faultOf('cancelled', 'reading the folder was cancelled'));
    const entry = walked.ok ? await entryOf(files, folder, walked.value) : walked;
    if (!entry.ok) return entry;
    entries.push(entry.value);
    if (entries.length > ENTRIES_LIMIT)
      return fail(faultOf('too-large', `the folder has more than ${String(ENTRIES_LIMIT)} entries`, { path: folder }));
  }
  return succeed(entries.sort((a, b) => comparePaths(a.path, b.path)));
}

async function entryOf(files: Files, folder: string, walked: WalkedEntry): Promise<Result<ManifestEntry>> {
  const { path, facts } = walked;
  const absolute = join(folder, path);
  if (facts.kind !== 'link' && (facts.mode & SPECIAL_BITS) !== 0 && facts.kind !== 'folder')
    return refuse(absolute, 'the file has a set-user-ID, set-group-ID or sticky bit');
  switch (facts.kind) {
    case 'folder':
      return succeed({ kind: 'folder', path, mode: publishedFolderMode(facts.mode) });
    case 'link': {
      const target = await files.readLink(absolute);
      return target.ok ? succeed({ kind: 'link', path, target: target.value }) : target;
    }
    case 'file': {
      const digest = facts.size === 0 ? succeed(EMPTY_SHA256) : await files.digest(absolute);
      if (!digest.ok) return digest;
      return succeed({
        kind: 'file',
        path,
        mode: (facts.mode & 0o755) | 0o400,
        size: facts.size,
        sha256: digest.value,
      });
    }
    case 'other':
      return refuse(absolute, 'it is neither a file, a folder nor a link');
  }
}

/** Rights of a folder as published; set-group-ID on a folder is common on build machines and means nothing in a bundle. */
export function publishedFolderMode(mode: number): number {
  return (mode & 0o755) | 0o700;
}

/** By name at every level, in code units, whatever the machine's language: a folder stands before what is in it. */
export function comparePaths(left: string, right: string): number {
  const [a, b] = [left.split('/'), right.split('/')];
  for (let index = 0; ; index += 1) {
    const [x, y] = [a[index], b[index]];
    if (x === undefined || y === undefined) return a.length - b.length;
    if (x !== y) return x < y ? -1 : 1;
  }
}

function refuse(path: string, detail: string): Result<never> {
  return fail(faultOf('archive-invalid', detail, { path }));
}
