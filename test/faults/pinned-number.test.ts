import { expect, test } from 'vitest';
import { NUMBERED, numbered, pathsOf, withoutNumber } from './pinned-number.ts';

const TEMPORARY = `state/.installed.json.${numbered(2, 21)}.tmp`;

test('a pinned name loses its number, not its row, and is one of the names that are looked for', () => {
  expect(TEMPORARY).toBe('state/.installed.json.000002000015.tmp');
  expect(withoutNumber(TEMPORARY)).toBe('state/.installed.json.000002-N.tmp');
  expect(withoutNumber(TEMPORARY)).toMatch(NUMBERED);
  const paths = pathsOf(withoutNumber(TEMPORARY));
  expect(paths).toContain(TEMPORARY);
  expect(new Set(paths).size).toBe(paths.length);
});

test.each([
  'state/orders/20900101T000000000Z-fault-0001.journal',
  `state/objects/${'000001000021'.repeat(5)}abcd`,
  'state/.installed.json.a00001000021.tmp',
  `state/.installed.json.${numbered(0, 21)}.tmp`,
])('%s is a name of its own', (path) => {
  expect(withoutNumber(path)).toBe(path);
  expect(pathsOf(path)).toEqual([path]);
});
