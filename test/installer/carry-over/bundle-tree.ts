import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileManifest, ManifestEntry } from '../../../installer/release.ts';

/** A bundle as a table: path → content, or a link's target, or content with a mode. */
export type BundleTree = Readonly<
  Record<string, string | Buffer | { link: string } | { content: string | Buffer; mode: number }>
>;

export function writeBundle(folder: string, tree: BundleTree): string {
  mkdirSync(folder, { recursive: true });
  for (const [path, entry] of Object.entries(tree)) {
    const absolute = join(folder, path);
    mkdirSync(dirname(absolute), { recursive: true });
    if (typeof entry === 'object' && 'link' in entry) symlinkSync(entry.link, absolute);
    else if (typeof entry === 'object' && 'content' in entry) {
      writeFileSync(absolute, entry.content);
      chmodSync(absolute, entry.mode);
    } else writeFileSync(absolute, entry);
  }
  return folder;
}

/** The manifest of a folder as the publisher would make it. */
export function manifestOf(folder: string, version = '1.0'): FileManifest {
  return { schema: 1, version, entries: entriesOf(folder), objects: [] };
}

function entriesOf(folder: string, prefix = ''): ManifestEntry[] {
  return readdirSync(join(folder, prefix))
    .sort()
    .flatMap((name): ManifestEntry[] => {
      const path = prefix + name;
      const absolute = join(folder, path);
      const stats = lstatSync(absolute);
      const mode = stats.mode & 0o7777;
      if (stats.isDirectory()) return [{ kind: 'folder', path, mode }, ...entriesOf(folder, `${path}/`)];
      if (stats.isSymbolicLink()) return [{ kind: 'link', path, target: readlinkSync(absolute) }];
      const content = readFileSync(absolute);
      return [
        { kind: 'file', path, mode, size: content.length, sha256: createHash('sha256').update(content).digest('hex') },
      ];
    });
}

/** Everything in a folder as text, with modes: two equal snapshots are two equal trees. */
export function snapshot(folder: string): string {
  return entriesOf(folder)
    .map((entry) => JSON.stringify(entry))
    .join('\n');
}
