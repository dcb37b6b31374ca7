import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Accepted, judge, type MutantReport } from './survivors.ts';

const SOURCE = 'const a = 1;\nif (a > 1) go();\nif (a > 1) go();\n';

function mutant(status: string, line: number): MutantReport['files'][string]['mutants'][number] {
  const location = { start: { line, column: 5 }, end: { line, column: 10 } };
  return { mutatorName: 'EqualityOperator', replacement: 'a >= 1', status, location };
}

function reportOf(...mutants: readonly ReturnType<typeof mutant>[]): MutantReport {
  return { files: { 'core.ts': { source: SOURCE, mutants } } };
}

const KEY = { file: 'core.ts', mutator: 'EqualityOperator', original: 'a > 1', replacement: 'a >= 1' };
const REASON: Accepted = { ...KEY, reason: 'a is whole and never 1' };

test('a survivor without a reason is named, one without a test as well', () => {
  expect(judge(reportOf(mutant('Survived', 2), mutant('NoCoverage', 3), mutant('Killed', 2)), [])).toEqual({
    mutants: 3,
    killed: 1,
    unexplained: [expect.objectContaining({ ...KEY, line: 2 }), expect.objectContaining({ ...KEY, line: 3 })],
    stale: [],
  });
});

test('a reason holds for as many places as it says', () => {
  const both = reportOf(mutant('Survived', 2), mutant('Survived', 3));
  expect(judge(both, [REASON]).unexplained).toHaveLength(1);
  expect(judge(both, [{ ...REASON, times: 2 }])).toMatchObject({ unexplained: [], stale: [] });
});

test('a reason for what is noticed now is stale', () => {
  expect(judge(reportOf(mutant('Timeout', 2)), [REASON])).toMatchObject({ killed: 1, stale: [REASON] });
  expect(judge(reportOf(mutant('Survived', 2)), [{ ...REASON, times: 2 }]).stale).toHaveLength(1);
});

test('every accepted survivor has a reason', () => {
  const accepted = JSON.parse(readFileSync(join(import.meta.dirname, 'accepted.json'), 'utf8')) as readonly Accepted[];
  for (const { reason } of accepted) expect(reason.length).toBeGreaterThan(20);
  expect(
    new Set(accepted.map((one) => JSON.stringify([one.file, one.mutator, one.original, one.replacement]))).size,
  ).toBe(accepted.length);
});
