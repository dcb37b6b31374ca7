import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const DOCS = resolve(import.meta.dirname, '../docs');
const ROW =
  /^\| (?<wanted>[^|]+?) +\|(?: +(?<by>client|launcher|staging) +\|)? +\[(?<title>[^\]]+)\]\((?<file>[^)]+)\) +\|$/u;
/** Of the tables: fewer rows than this, and the reading of the page is broken. */
const ROWS_AT_LEAST = 50;

const rows = readFileSync(join(DOCS, 'trust-cases.md'), 'utf8')
  .split('\n')
  .map((line) => ROW.exec(line)?.groups)
  .filter((groups) => groups !== undefined);

describe('docs/trust-cases.md', () => {
  it('has its rows', () => {
    expect(rows.length).toBeGreaterThanOrEqual(ROWS_AT_LEAST);
  });

  it.each(rows.map(({ wanted = '', title = '', file = '' }) => [wanted, title, file]))(
    '%s: the test is there',
    (_, title, file) => {
      const path = join(DOCS, file);
      expect(existsSync(path), path).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain(title);
    },
  );
});
