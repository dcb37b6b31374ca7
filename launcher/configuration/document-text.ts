import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type ConfigurationMistake, type DocumentPath, type MistakeAt, showPath } from './mistake.ts';

/** JSON with comments, read so that every value still knows its place in the text. */
export interface DocumentText {
  /** The plain value; meaningful only when `syntax` is empty. */
  readonly value: unknown;
  /** Syntax errors and keys given twice. */
  readonly syntax: readonly ConfigurationMistake[];
  /** Gives a mistake its file, line and column: those of the deepest part of its path that exists. */
  readonly locate: (mistake: MistakeAt) => ConfigurationMistake;
}

/** Reads `text`; never throws. A byte order mark, as Windows editors write it, is skipped. */
export function readDocument(file: string, text: string): DocumentText {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const errors: ParseError[] = [];
  const root = parseTree(content, errors, { allowTrailingComma: true, disallowComments: false });
  const place = placeFinder(content);
  const syntax = errors.map((error) => syntaxMistake(file, content, error, place));
  const repeated = root === undefined ? [] : repeatedKeys(root, []);
  const value: unknown = root === undefined ? undefined : getNodeValue(root);
  return {
    value,
    syntax: [...syntax, ...repeated.map((one) => ({ file, ...place(one.offset), ...repeatedText(one, place) }))],
    locate: (mistake) => ({
      file,
      ...place(root === undefined ? 0 : offsetOf(root, mistake.path, mistake.at)),
      path: showPath(mistake.path),
      expected: mistake.expected,
      found: mistake.found,
      ...(mistake.suggestion === undefined ? {} : { suggestion: mistake.suggestion }),
    }),
  };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Offset → line and column, both from 1; `\r\n`, `\n` and `\r` end a line. */
function placeFinder(text: string): (offset: number) => Place {
  const starts = [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), (end) => end.index + end[0].length)];
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

const SYNTAX_EXPECTED: Readonly<Record<string, { readonly expected: string; readonly suggestion?: string }>> = {
  InvalidSymbol: {
    expected: 'a value: text in double quotes, a number, true, false, [ … ] or { … }',
    suggestion: 'put text in double quotes',
  },
  InvalidNumberFormat: { expected: 'a number' },
  PropertyNameExpected: { expected: 'a key in double quotes', suggestion: 'put the key in double quotes' },
  ValueExpected: { expected: 'a value', suggestion: 'write a value after the colon, or remove the key' },
  ColonExpected: { expected: 'a colon after the key', suggestion: 'write "key": value' },
  CommaExpected: { expected: 'a comma', suggestion: 'write a comma after the value before this' },
  CloseBraceExpected: { expected: 'a closing }', suggestion: 'close every { with a }' },
  CloseBracketExpected: { expected: 'a closing ]', suggestion: 'close every [ with a ]' },
  EndOfFileExpected: { expected: 'the end of the file', suggestion: 'remove what follows the last }' },
  UnexpectedEndOfComment: { expected: 'the end of the comment', suggestion: 'close the comment with */' },
  UnexpectedEndOfString: { expected: 'the closing quote', suggestion: 'close the text with " on the same line' },
  InvalidEscapeCharacter: {
    expected: 'a known escape after the backslash',
    suggestion: String.raw`write a backslash as \\, or use / in paths`,
  },
};

function syntaxMistake(
  file: string,
  text: string,
  error: ParseError,
  place: (offset: number) => Place,
): ConfigurationMistake {
  const known = SYNTAX_EXPECTED[printParseErrorCode(error.error)] ?? { expected: 'valid JSON' };
  const piece =
    text.slice(error.offset, error.offset + Math.min(Math.max(error.length, 1), 40)).split(/[\r\n]/)[0] ?? '';
  const found = error.offset >= text.trimEnd().length ? 'the end of the file' : JSON.stringify(piece);
  return { file, ...place(error.offset), path: '', ...known, found };
}

interface Repeated {
  readonly path: DocumentPath;
  readonly offset: number;
  readonly firstOffset: number;
}

function repeatedKeys(node: Node, path: DocumentPath): Repeated[] {
  if (node.type === 'array')
    return (node.children ?? []).flatMap((child, index) => repeatedKeys(child, [...path, index]));
  if (node.type !== 'object') return [];
  const seen = new Map<string, number>();
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (key === undefined) return [];
    const name = String(key.value);
    const firstOffset = seen.get(name);
    seen.set(name, firstOffset ?? key.offset);
    const below = value === undefined ? [] : repeatedKeys(value, [...path, name]);
    return firstOffset === undefined ? below : [{ path: [...path, name], offset: key.offset, firstOffset }, ...below];
  });
}

function repeatedText(repeated: Repeated, place: (offset: number) => Place) {
  return {
    path: showPath(repeated.path),
    expected: 'each key once',
    found: `the same key as in line ${place(repeated.firstOffset).line}`,
    suggestion: 'keep one of the two',
  };
}

/** Of the value or key at `path`, or of the deepest part of it that is there. */
function offsetOf(root: Node, path: DocumentPath, at: 'key' | 'value'): number {
  let node = root;
  for (const [depth, part] of path.entries()) {
    const last = depth === path.length - 1;
    if (node.type === 'array' && typeof part === 'number') {
      const child = node.children?.[part];
      if (child === undefined) return node.offset;
      node = child;
    } else {
      const property = node.children?.findLast((one) => one.children?.[0]?.value === part);
      const [key, value] = property?.children ?? [];
      if (key === undefined) return node.offset;
      if (value === undefined || (last && at === 'key')) return key.offset;
      node = value;
    }
  }
  return node.offset;
}
