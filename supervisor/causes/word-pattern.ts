/** Longer lines are judged by their beginning. */
const LINE_LIMIT = 2_000;

/**
 * Whether the pieces of `pattern` between its `*` stand in the line, in their order, in whatever case. Pure.
 *
 * Not a regular expression on purpose: the time it takes grows with the line alone, whatever pattern an administrator writes.
 */
export function lineMatches(line: string, pattern: string): boolean {
  const text = line.slice(0, LINE_LIMIT).toLowerCase();
  const pieces = pattern
    .toLowerCase()
    .split('*')
    .filter((piece) => piece !== '');
  let from = 0;
  for (const piece of pieces) {
    const found = text.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return pieces.length > 0;
}

/** The last line that any of the patterns fits. Pure. */
export function findLine(lines: readonly string[], patterns: readonly string[]): string | undefined {
  return lines.findLast((line) => patterns.some((pattern) => lineMatches(line, pattern)));
}
