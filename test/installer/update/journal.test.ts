import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { createJournal, type Journal, listJournals, readJournal } from '../../../installer/update/journal.ts';
import { parseJournal } from '../../../installer/update/journal-text.ts';
import { type JournalEntry, orderOf } from '../../../installer/update/journal-entry.ts';
import { findOpenOrder, holdsServer, readHistory } from '../../../installer/update/order-history.ts';
import type { Order } from '../../../installer/update/order.ts';
import { silentLog } from '../../../platform/log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();
const ORDER: Order = { id: 'order-0001', kind: 'update', orderedBy: 'Administrator', delaySeconds: 90, language: 'fr' };
const ENTRIES: readonly JournalEntry[] = [
  { kind: 'began', at: 2, step: 'preflight' },
  {
    kind: 'failed',
    at: 3,
    step: 'preflight',
    fault: faultOf('space-short', 'too little room for é', { path: '/srv/Ä' }),
  },
  { kind: 'undo-began', at: 4, step: 'preflight' },
  { kind: 'undone', at: 5, step: 'preflight' },
];

async function journalIn(folder: string, use: Files = files): Promise<Journal> {
  const journal = await createJournal(use, folder, ORDER, 1);
  if (!journal.ok) throw new Error(journal.fault.detail);
  for (const entry of ENTRIES) {
    expect((await journal.value.append(entry)).ok).toBe(true);
  }
  return journal.value;
}

async function pathIn(folder: string): Promise<string> {
  const paths = await listJournals(files, folder);
  const [path] = paths.ok ? paths.value : [];
  if (path === undefined) throw new Error('no journal was written');
  return path;
}

test('what was written is read back, in order', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const read = await readJournal(files, await pathIn(folder));
  expect(read.ok && read.value.kind === 'journal' && read.value.journal.entries).toEqual(entries);
  expect(entries).toEqual([{ kind: 'ordered', at: 1, order: ORDER }, ...ENTRIES]);
});

test('cut at every byte: the whole lines before the cut are read, and the next line goes on from there', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const path = await pathIn(folder);
  const whole = readFileSync(path);
  const firstLine = whole.indexOf('\n') + 1;
  for (let cut = 0; cut < whole.length; cut += 1) {
    const parsed = parseJournal(whole.subarray(0, cut).toString('utf8'));
    if (cut < firstLine) {
      expect(parsed).toMatchObject({ newer: false });
    } else {
      const lines = whole.subarray(0, cut).toString('utf8').split('\n').length - 1;
      expect(parsed).toEqual(entries.slice(0, lines));
    }
  }
  writeFileSync(path, whole.subarray(0, whole.length - 7));
  const torn = await readJournal(files, path);
  if (!torn.ok || torn.value.kind !== 'journal') throw new Error('the torn journal was not read');
  await torn.value.journal.append({ kind: 'undone', at: 6, step: 'preflight' });
  const again = await readJournal(files, path);
  expect(again.ok && again.value.kind === 'journal' && again.value.journal.entries.at(-1)).toMatchObject({ at: 6 });
});

test('every bit flipped: never read as something else', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const whole = readFileSync(await pathIn(folder));
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const flipped = Buffer.from(whole);
    const byte = Math.floor(bit / 8);
    flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (bit % 8));
    const parsed = parseJournal(flipped.toString('utf8'));
    // A flipped line feed at the end tears the last line, which reads as "not written".
    const readOn =
      Array.isArray(parsed) && parsed.every((entry, index) => JSON.stringify(entry) === JSON.stringify(entries[index]));
    expect(readOn || !Array.isArray(parsed)).toBe(true);
  }
});

test('a line twice is one line; a line of a newer program is not guessed at', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const text = readFileSync(await pathIn(folder), 'utf8');
  const doubled = text
    .split('\n')
    .flatMap((line) => (line === '' ? [line] : [line, line]))
    .join('\n');
  expect(parseJournal(doubled)).toEqual(entries);
  const path = await pathIn(folder);
  writeFileSync(path, 'not a journal at all\n');
  const open = await findOpenOrder(files, folder, 9, silentLog);
  expect(open).toEqual({ kind: 'none' });
  expect((await listJournals(files, folder)).ok && (await readHistory(files, folder, silentLog, 9))).toEqual([]);
  expect(readFileSync(`${path}.unreadable-9`, 'utf8')).toBe('not a journal at all\n');
});

test('a first line that was never whole leaves nothing: its order was never taken, and the one before is looked at', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const first = await pathIn(folder);
  const line = readFileSync(first, 'utf8').split('\n')[0] ?? '';
  const second = join(folder, '20991231T000000000Z-order-0002.journal');
  for (const begun of ['', line.slice(0, 1), line]) {
    writeFileSync(second, begun);
    expect(await findOpenOrder(files, folder, 9, silentLog)).toMatchObject({ kind: 'open', journal: { entries } });
    expect(readdirSync(folder).filter((name) => name.includes('order-0002'))).toEqual([]);
  }
  // Zeros are what a file system makes of content that it lost.
  writeFileSync(second, '\0'.repeat(9));
  expect(await findOpenOrder(files, folder, 9, silentLog)).toEqual({ kind: 'none' });
  expect(existsSync(`${second}.unreadable-9`)).toBe(true);
});

/** A line as a launcher writes it. */
function lineOf(value: object): string {
  const json = JSON.stringify(value);
  return `${createHash('sha256').update(json).digest('hex').slice(0, 16)} ${json}\n`;
}

test('a journal that lost its end is not gone on with once the record says that its order is final', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const path = await pathIn(folder);
  const id = orderOf(entries).id;
  expect(await findOpenOrder(files, folder, 9, silentLog, 'another')).toMatchObject({ kind: 'open' });
  const begun = `${readFileSync(path, 'utf8')}${lineOf({ schema: 1, kind: 'began', at: 9, step: 'commit' })}`;
  expect(await findOpenOrder(files, folder, 9, silentLog, id)).toEqual({ kind: 'none' });
  expect(existsSync(path)).toBe(false);
  // Killed between the record and the end of the commit: it goes on.
  writeFileSync(path, begun);
  expect(await findOpenOrder(files, folder, 9, silentLog, id)).toMatchObject({ kind: 'open' });
});

test('a journal of a newer schema stays where it is, and no update is begun', async () => {
  const folder = temporaryFolder();
  await journalIn(folder);
  const path = await pathIn(folder);
  appendFileSync(path, lineOf({ schema: 2, kind: 'pondered', at: 9 }));
  const before = readFileSync(path);
  expect(await findOpenOrder(files, folder, 9, silentLog)).toEqual({ kind: 'newer', path });
  expect(readFileSync(path)).toEqual(before);
});

test('fields that a later launcher adds are read over', async () => {
  const folder = temporaryFolder();
  const { entries } = await journalIn(folder);
  const path = await pathIn(folder);
  appendFileSync(path, lineOf({ schema: 1, kind: 'began', at: 9, step: 'preflight', mood: 'good' }));
  const parsed = parseJournal(readFileSync(path, 'utf8'));
  expect(parsed).toEqual([...entries, { kind: 'began', at: 9, step: 'preflight', mood: 'good' }]);
});

test('an act that no launcher knows is damage, even with a true sum', async () => {
  const folder = temporaryFolder();
  await journalIn(folder);
  const path = await pathIn(folder);
  appendFileSync(path, lineOf({ schema: 1, kind: 'began', at: 9, step: 'dance' }));
  expect(await findOpenOrder(files, folder, 9, silentLog)).toEqual({ kind: 'none' });
  expect(existsSync(`${path}.unreadable-9`)).toBe(true);
});

test('a full disk costs the reserve, not the order', async () => {
  const folder = temporaryFolder();
  let full = false;
  const failing: Files = {
    ...files,
    appendDurably: async (path, content, mode) =>
      full ? fail(faultOf('disk-full', 'no space', { path })) : files.appendDurably(path, content, mode),
    writeDurably: async (path, content, mode) =>
      full ? fail(faultOf('disk-full', 'no space', { path })) : files.writeDurably(path, content, mode),
    remove: async (path) => {
      full = false;
      return files.remove(path);
    },
  };
  const journal = await journalIn(folder, failing);
  full = true;
  expect((await journal.append({ kind: 'settled', at: 9, outcome: 'refused' })).ok).toBe(true);
  const read = await readJournal(files, await pathIn(folder));
  expect(read.ok && read.value.kind === 'journal' && read.value.journal.entries.at(-1)).toMatchObject({
    kind: 'settled',
  });
});

test.each<[string, readonly JournalEntry[], boolean]>([
  ['before the stop', [{ kind: 'began', at: 1, step: 'drain' }], false],
  ['from the stop on', [{ kind: 'began', at: 1, step: 'stop' }], true],
  [
    'while it turns back',
    [
      { kind: 'began', at: 1, step: 'stop' },
      { kind: 'undo-began', at: 2, step: 'stop' },
    ],
    true,
  ],
  [
    'once the old version runs again',
    [
      { kind: 'began', at: 1, step: 'stop' },
      { kind: 'undone', at: 2, step: 'stop' },
    ],
    false,
  ],
  [
    'while it commits',
    [
      { kind: 'began', at: 1, step: 'stop' },
      { kind: 'began', at: 2, step: 'commit' },
    ],
    true,
  ],
])('the server belongs to the order: %s', (_, entries, held) => expect(holdsServer(entries)).toBe(held));

test('a line that was decided on an older journal is not written', async () => {
  const journal = await journalIn(temporaryFolder());
  const seen = journal.entries.length;
  const cancel = journal.append({ kind: 'cancelled', at: 7, by: 'Administrator' });
  const commit = journal.appendIf({ kind: 'began', at: 8, step: 'commit' }, (entries) => entries.length === seen);
  expect([await cancel, await commit]).toEqual([succeed(), succeed(false)]);
  expect(journal.entries.at(-1)).toMatchObject({ kind: 'cancelled' });
  expect(await journal.appendIf({ kind: 'began', at: 9, step: 'notify' }, () => true)).toEqual(succeed(true));
});

test('an order that comes after the clock was set back is still the newest', async () => {
  const folder = temporaryFolder();
  const order = (id: string): Order => ({ ...ORDER, id });
  const [march, january] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 0, 1)];
  const settled = await createJournal(files, folder, order('order-0009'), march);
  if (settled.ok) await settled.value.append({ kind: 'settled', at: march, outcome: 'updated' });
  await createJournal(files, folder, order('order-0001'), january);
  const open = await findOpenOrder(files, folder, january, silentLog);
  expect(open.kind === 'open' && open.journal.entries[0]).toMatchObject({ order: { id: 'order-0001' }, at: january });
  const later = await createJournal(files, folder, order('order-0005'), Date.UTC(2026, 3, 1));
  expect(later.ok).toBe(true);
  const paths = await listJournals(files, folder);
  expect(paths.ok && paths.value.map((path) => basename(path))).toEqual([
    '20260301T000000000Z-order-0009.journal',
    '20260301T000000001Z-order-0001.journal',
    '20260401T000000000Z-order-0005.journal',
  ]);
});

test('an order whose first line could not be forced to disk leaves nothing', async () => {
  const folder = temporaryFolder();
  const failing: Files = {
    ...files,
    // As when the line is written and the fsync after it gives an error.
    appendDurably: async (path, content, mode) => {
      await files.appendDurably(path, content, mode);
      return fail(faultOf('io-error', 'fsync', { path }));
    },
  };
  expect(await createJournal(failing, folder, ORDER, 1)).toMatchObject({ ok: false, fault: { code: 'io-error' } });
  expect(await listJournals(files, folder)).toEqual(succeed([]));
  expect(await findOpenOrder(files, folder, 9, silentLog)).toEqual({ kind: 'none' });
});
