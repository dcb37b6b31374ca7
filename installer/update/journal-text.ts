import { createHash } from 'node:crypto';
import { ENTRY_KINDS, type EntryKind, type JournalEntry } from './journal-entry.ts';
import { isStepName } from './pipeline.ts';

const SCHEMA = 1;
const SUM_LENGTH = 16;

/** Pure: the entries of a journal's text, or why it cannot be trusted. */
export function parseJournal(text: string): JournalEntry[] | { readonly why: string; readonly newer: boolean } {
  const lines = text.split('\n');
  // What follows the last line feed is empty, or torn.
  lines.pop();
  const entries: JournalEntry[] = [];
  let previous = '';
  for (const [index, line] of lines.entries()) {
    if (line === previous) {
      continue;
    }
    previous = line;
    const entry = parseLine(line);
    if (entry === 'newer') {
      return { why: `line ${index + 1} was written by a newer om-launcher`, newer: true };
    }
    if (entry === undefined || (entry.kind === 'ordered') !== (entries.length === 0)) {
      return { why: `line ${index + 1} is damaged`, newer: false };
    }
    entries.push(entry);
  }
  return entries.length > 0 ? entries : { why: 'it holds no whole line', newer: false };
}

function parseLine(line: string): JournalEntry | 'newer' | undefined {
  const json = line.slice(SUM_LENGTH + 1);
  if (line.slice(0, SUM_LENGTH) !== sumOf(json)) {
    return undefined;
  }
  // The sum proves that we wrote these very bytes, so the shape behind a known schema and kind is ours.
  const value = JSON.parse(json) as { schema?: unknown; kind?: unknown; step?: unknown };
  if (typeof value.schema !== 'number' || value.schema > SCHEMA) {
    return 'newer';
  }
  const known =
    ENTRY_KINDS.includes(value.kind as EntryKind) &&
    (value.step === undefined || (typeof value.step === 'string' && isStepName(value.step)));
  delete value.schema;
  return known ? (value as unknown as JournalEntry) : undefined;
}

/** One line of a journal: the sum of what follows, and the entry. Pure. */
export function lineOf(entry: JournalEntry): string {
  const json = JSON.stringify({ schema: SCHEMA, ...entry });
  return `${sumOf(json)} ${json}\n`;
}

function sumOf(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, SUM_LENGTH);
}
