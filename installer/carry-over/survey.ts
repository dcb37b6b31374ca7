import { join } from 'node:path';
import type { FileFacts, Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { DigestOf } from '../data/digest-cache.ts';
import type { BundleEntry } from './entries.ts';

/**
 * Reads what lies in a bundle, or of it what lies in its own folder and those that `enters` says yes to; `needsDigest` says of which
 * files the content matters.
 */
export async function surveyBundle(
  dependencies: { readonly files: Files; readonly digestOf: DigestOf },
  bundle: string,
  needsDigest: (path: string, facts: FileFacts) => boolean,
  enters?: (folder: string) => boolean,
): Promise<Result<readonly BundleEntry[]>> {
  const { files, digestOf } = dependencies;
  const entries: BundleEntry[] = [];
  for await (const walked of files.walk(bundle, enters)) {
    // A running server's own temporary files come and go.
    if (!walked.ok && walked.fault.code === 'not-found' && walked.fault.path !== bundle) continue;
    if (!walked.ok) return walked;
    const { path, facts } = walked.value;
    const absolute = join(bundle, path);
    const digest = facts.kind === 'file' && needsDigest(path, facts) ? await digestOf(absolute, facts) : undefined;
    if (digest?.ok === false) return digest;
    const target = facts.kind === 'link' ? await files.readLink(absolute) : undefined;
    if (target?.ok === false) return target;
    entries.push(entryOf(path, facts, digest?.value, target?.value));
  }
  return succeed(entries);
}

function entryOf(path: string, facts: FileFacts, sha256?: string, target = ''): BundleEntry {
  const { kind, mode, size } = facts;
  switch (kind) {
    case 'folder':
      return { kind, path, mode };
    case 'file':
      return { kind, path, mode, size, ...(sha256 !== undefined && { sha256 }) };
    case 'link':
      return { kind, path, target };
    case 'other':
      return { kind, path };
  }
}
