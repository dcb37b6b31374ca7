import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const DOCS = resolve(import.meta.dirname, '../docs');
const ROW = /^\| (?<wanted>[^|]+?) +\| (?<by>launcher|part|—) +\| (?<proof>.+?) +\|$/u;
const TEST = /^\[(?<title>.+)\]\((?<file>[^)]+)\)$/u;
const UNBUILT = /^not built here: .{10,}$/u;
/** Of the tables: fewer rows than this, and the reading of the page is broken. */
const ROWS_AT_LEAST = 50;

const lines = readFileSync(join(DOCS, 'adversity-cases.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-|case )/u.test(line));
const rows = lines.map((line) => ({
  line,
  ...(ROW.exec(line)?.groups as Partial<Record<'wanted' | 'by' | 'proof', string>>),
}));

describe('docs/adversity-cases.md', () => {
  it('has its rows, and every one is understood', () => {
    expect(rows.length).toBeGreaterThanOrEqual(ROWS_AT_LEAST);
    expect(rows.filter(({ line }) => !ROW.test(line))).toEqual([]);
  });

  it.each(rows.map(({ wanted = '', by = '', proof = '' }) => [wanted, by, proof]))(
    '%s: the test is there, or what is missing is said',
    (_, by, proof) => {
      const { title = '', file = '' } = TEST.exec(proof)?.groups ?? {};
      if (by === '—') {
        expect(proof).toMatch(UNBUILT);
        return;
      }
      const path = join(DOCS, file);
      expect(existsSync(path) && file !== '', path).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain(title);
      // A scene with the launcher lies with the scenes.
      if (by === 'launcher') expect(file).toContain('/e2e/');
    },
  );
});
