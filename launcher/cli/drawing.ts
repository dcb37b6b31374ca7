import type { Screen } from './voice.ts';

/** A few lines at the end of a terminal that are redrawn in place. */
export interface Drawing {
  begin(): void;
  draw(lines: readonly string[]): void;
  columns(): number;
  /** Leaves the last picture and gives the cursor back. */
  end(): void;
}

/** Control functions of ECMA-48 (CUU, ED) and DEC's cursor mode (DECTCEM). */
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_TO_END_OF_LINE = '\u001b[K';
const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`);

export function createDrawing(screen: Screen): Drawing {
  let drawn: readonly string[] = [];
  let width = screen.columns;
  return {
    begin: () => screen.write(HIDE_CURSOR),
    draw(lines) {
      // A narrower window has wrapped what stands there: nothing above can be counted on, so it begins anew below.
      const rows = screen.columns < width ? 0 : drawn.length;
      width = screen.columns;
      const text = lines.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`).join('');
      screen.write(`${up(rows)}\r${text}${CLEAR_BELOW}`);
      drawn = lines;
    },
    columns: () => screen.columns,
    end: () => screen.write(SHOW_CURSOR),
  };
}
