import { Buffer } from 'node:buffer';

/** Characters of a path inside a bundle; with a bundle's own place it stays below what every OS opens. */
export const PATH_LIMIT = 400;

/** Bytes of one name in UTF-8: the limit of ext4, XFS, APFS and (in characters) NTFS. */
const NAME_LIMIT = 255;

/** Names that Windows takes for devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/iu;

/** Control characters, and what no file name on Windows may hold; `:` would open a stream of another file. */
const FORBIDDEN_CHARACTER = /[\p{Cc}\u2028\u2029<>:"|?*]/u;

/**
 * Why a path may not stand in a bundle, or undefined when it may.
 *
 * The rules are the same on every OS, so that a bundle that passes on the publisher's machine can be unpacked anywhere, and
 * no name means another file somewhere else. `path` is relative, with `/` between names.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (path.length > PATH_LIMIT) return `the path is longer than ${String(PATH_LIMIT)} characters`;
  if (path.startsWith('/')) return 'the path is absolute';
  if (path.includes('\\')) return 'the path holds a backslash';
  if (!path.isWellFormed()) return 'the path is not valid Unicode';
  for (const name of path.split('/')) {
    const problem = nameProblem(name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'a name in the path is empty';
  if (name === '.' || name === '..') return `the path holds "${name}"`;
  if (Buffer.byteLength(name) > NAME_LIMIT) return `a name is longer than ${String(NAME_LIMIT)} bytes`;
  if (/^[A-Za-z]:/u.test(name)) return 'the path holds a drive letter';
  if (FORBIDDEN_CHARACTER.test(name)) return 'a name holds a control character or one that Windows forbids';
  if (/[. ]$/u.test(name)) return 'a name ends in a dot or a space';
  if (WINDOWS_DEVICE.test(name)) return 'a name is a device on Windows';
  return undefined;
}

/** Equal for two paths that are the same file on a volume without letter case or with Unicode normalisation (NTFS, APFS, HFS+). */
export function collisionKey(path: string): string {
  return path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD');
}

/** The folder of a path inside a bundle; empty for what lies at the top. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
