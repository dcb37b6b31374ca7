/** How texts look; every paint is the identity where there are no colours. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

/** SGR codes (ECMA-48, 8.3.117): on, off. */
const CODES = { bold: [1, 22], dim: [2, 22], good: [32, 39], bad: [31, 39], warning: [33, 39] } as const;

export function createStyle(colored: boolean): Style {
  const paint =
    ([on, off]: readonly [number, number]) =>
    (text: string) =>
      colored && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
    good: paint(CODES.good),
    bad: paint(CODES.bad),
    warning: paint(CODES.warning),
  };
}

/** Characters that a text takes on a terminal, its colours aside. */
export function widthOf(text: string): number {
  return Array.from(text.replace(/\u001b\[[0-9;]*m/g, '')).length;
}

/** Cuts a text without colours to `columns` characters, the last an ellipsis. */
export function cut(text: string, columns: number): string {
  const characters = Array.from(text);
  if (characters.length <= columns) return text;
  return columns < 1 ? '' : `${characters.slice(0, columns - 1).join('')}…`;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Rows with aligned columns, two spaces between them; nothing follows the last cell. */
export function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A list with a head; columns in which no row has anything are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], style: Style): readonly string[] {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? '') !== ''));
  const keep = (row: readonly string[]): readonly string[] => row.filter((_, column) => used[column] === true);
  return alignRows([keep(head).map((cell) => style.bold(cell)), ...rows.map(keep)]);
}

/** `0.4 s`, `12 s`, `1 min 05 s`, `2 h 07 min`: short, the same in every language. */
export function shortDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
