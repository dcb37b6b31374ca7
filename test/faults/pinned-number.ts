/** What takes the place of chance in names of traced runs: six bytes, a row (one of each run) and a number that counts up. */
export const PINNED_BYTES = 6;

const [ROW_DIGITS, NUMBER_DIGITS] = [6, 6] as const;

/** The pinned name as it stands in paths: twelve hexadecimal digits. */
export function numbered(row: number, number: number): string {
  return hex(row, ROW_DIGITS) + hex(number, NUMBER_DIGITS);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** The first rows only, and no piece of a digest or of a time. */
const PINNED = /(?<![0-9A-Za-z])(00000[1-9])[0-9a-f]{6}(?![0-9A-Za-z])/;

/** What `withoutNumber` writes. */
export const NUMBERED = /00000[1-9]-N(?![0-9A-Za-z])/;

/**
 * The path without the number of its pinned name, if it has one.
 *
 * Writes that begin at about the same moment draw their numbers in an order that depends on chance.
 */
export function withoutNumber(path: string): string {
  return path.replace(PINNED, '$1-N');
}

/** Every path that `withoutNumber` makes this one of; the path itself where it had no number. */
export function pathsOf(path: string): readonly string[] {
  const row = NUMBERED.exec(path)?.[0].slice(0, ROW_DIGITS);
  if (row === undefined) return [path];
  return Array.from({ length: MOST }, (_, index) => path.replace(NUMBERED, row + hex(index + 1, NUMBER_DIGITS)));
}

/** A scenario draws some forty numbers. */
const MOST = 96;
