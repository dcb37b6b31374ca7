import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';

/**
 * Draws what a program printed as a picture of a terminal:
 *
 *   npm run --silent demo | node scripts/picture.ts "npm run demo" docs/pictures/demo.svg
 */
const COLUMNS = 112;
const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
/** Monospace fonts are about 0.6 of their size wide; `textLength` holds every line to it, whatever font is found. */
const CHARACTER_WIDTH = 7.8;
const MARGIN = 18;
const TITLE_BAR = 30;
const LINES_LIMIT = 400;

const COLOURS = {
  background: '#101418',
  text: '#d8dee6',
  dim: '#8a94a2',
  good: '#7ec98f',
  bad: '#e8897c',
  undone: '#e2b86b',
};

const [command, target] = process.argv.slice(2);
if (command === undefined || target === undefined) {
  console.error('usage: node scripts/picture.ts COMMAND TARGET.svg < output of the command');
  process.exitCode = 2;
} else {
  const lines = linesOf(await text(process.stdin));
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, picture(command, lines));
  console.log(`${target}: ${lines.length} lines`);
}

interface Line {
  readonly text: string;
  readonly colour: string;
}

/** Without colour codes, wrapped as a terminal does. */
function linesOf(output: string): readonly Line[] {
  const plain = stripVTControlCharacters(output).trimEnd();
  return plain.split('\n').flatMap(wrap).slice(0, LINES_LIMIT);
}

/** At the last blank before the edge; what follows is set in a little deeper, in the colour of its line. */
function wrap(line: string): Line[] {
  const colour = colourOf(line);
  const indent = `${/^ */.exec(line)?.[0] ?? ''}    `;
  const pieces: Line[] = [];
  let rest = line.trimEnd();
  while (rest.length > COLUMNS) {
    const blank = rest.lastIndexOf(' ', COLUMNS);
    const end = blank > indent.length ? blank : COLUMNS;
    pieces.push({ text: rest.slice(0, end).trimEnd(), colour });
    rest = indent + rest.slice(end).trimStart();
  }
  return [...pieces, { text: rest, colour }];
}

function picture(title: string, lines: readonly Line[]): string {
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN);
  const height = TITLE_BAR + lines.length * LINE_HEIGHT + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">What ${escaped(title)} printed</title>
<!-- Drawn by scripts/picture.ts from the program's own output. -->
<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.background}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" xml:space="preserve">
<text x="${MARGIN}" y="${TITLE_BAR - 8}" fill="${COLOURS.dim}">$ ${escaped(title)}</text>
${lines.map((line, index) => drawn(line, TITLE_BAR + MARGIN + index * LINE_HEIGHT)).join('\n')}
</g>
</svg>
`;
}

function drawn({ text: words, colour }: Line, y: number): string {
  if (words === '') return '';
  const length = (words.length * CHARACTER_WIDTH).toFixed(1);
  return `<text x="${MARGIN}" y="${y}" fill="${colour}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(words)}</text>`;
}

/** As the program itself colours its marks on a terminal. */
function colourOf(line: string): string {
  if (/^\s*✓/.test(line)) return COLOURS.good;
  if (/^\s*[✗↶]/.test(line)) return COLOURS.bad;
  if (/^\s*↩/.test(line)) return COLOURS.undone;
  return /^—/.test(line) ? COLOURS.dim : COLOURS.text;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
