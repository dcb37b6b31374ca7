/** Brings two spellings of one name together, as the bundle's volume does. Identity where names are case-sensitive. */
export type FoldName = (path: string) => string;

/** Linux tells names apart by their bytes; Windows and macOS ignore case, and macOS also the Unicode form. */
export function foldFor(operatingSystem: 'linux' | 'macos' | 'windows'): FoldName {
  return operatingSystem === 'linux' ? (path) => path : (path) => path.normalize('NFC').toLowerCase();
}

/**
 * Compiles a rule's pattern: `*` is any part of one name, a whole segment `**` any number of segments (none included,
 * except at the end, where it means everything below).
 */
export function compilePattern(pattern: string, fold: FoldName): (path: string) => boolean {
  const segments = fold(pattern).split('/');
  return (path) => matchesFrom(segments, fold(path).split('/'));
}

/** True for the folders below which the pattern can match something. */
export function compileFolderPattern(pattern: string, fold: FoldName): (folder: string) => boolean {
  const segments = fold(pattern).split('/');
  return (folder) => leadsInto(segments, fold(folder).split('/'));
}

function leadsInto(pattern: readonly string[], folder: readonly string[]): boolean {
  const deep = pattern.indexOf('**');
  if (deep < 0 && folder.length >= pattern.length) return false;
  const names = folder.slice(0, deep < 0 ? undefined : deep);
  return names.every((name, index) => matchesName(pattern[index] ?? '', name));
}

function matchesFrom(pattern: readonly string[], path: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return path.length === 0;
  if (head === '**') {
    if (rest.length === 0) return path.length > 0;
    return path.some((_, index) => matchesFrom(rest, path.slice(index)));
  }
  const [name, ...below] = path;
  return name !== undefined && matchesName(head, name) && matchesFrom(rest, below);
}

/** Compares literal pieces left to right instead of a regular expression, so that no pattern can take exponential time. */
function matchesName(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return name === first;
  const last = pieces.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let position = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return position <= name.length - last.length;
}
