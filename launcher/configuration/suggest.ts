/** The word nearest to `given`, if it is near enough to be a slip of the fingers: at most a third of its letters. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.ceil(given.length / 3));
  const ranked = known
    .map((word) => ({ word, distance: editDistance(given.toLowerCase(), word.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((one, other) => one.distance - other.distance);
  return ranked[0]?.word;
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, each costing 1. */
export function editDistance(one: string, other: string): number {
  const rows = one.length + 1;
  const columns = other.length + 1;
  const cost = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const read = (row: number, column: number) => cost[row]?.[column] ?? Infinity;
  for (let row = 1; row < rows; row += 1) {
    for (let column = 1; column < columns; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const best = Math.min(
        read(row - 1, column) + 1,
        read(row, column - 1) + 1,
        read(row - 1, column - 1) + same,
        swapped ? read(row - 2, column - 2) + 1 : Infinity,
      );
      const line = cost[row];
      if (line !== undefined) line[column] = best;
    }
  }
  return read(one.length, other.length);
}
