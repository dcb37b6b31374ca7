/** Bytes of a line without an end that are kept; what is longer is given out in parts. */
const LONGEST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Whole lines out of bytes that come in any pieces; a line without its end waits for the rest. */
export interface LineSplitter {
  add(bytes: Uint8Array): readonly string[];
  /** What waits, as a line: nothing more comes. */
  flush(): readonly string[];
}

export function createLineSplitter(): LineSplitter {
  let rest = Buffer.alloc(0);
  return {
    add(bytes) {
      const all = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
      const end = all.length - rest.length > 0 ? all.lastIndexOf(NEWLINE) + 1 : 0;
      const taken = end === 0 && all.length > LONGEST_LINE_BYTES ? all.length : end;
      rest = all.subarray(taken);
      return taken === 0 ? [] : linesOf(all.subarray(0, taken));
    },
    flush() {
      const last = rest;
      rest = Buffer.alloc(0);
      return last.length === 0 ? [] : linesOf(last);
    },
  };
}

function linesOf(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').map((line) => line.replace(/\r$/, ''));
}
