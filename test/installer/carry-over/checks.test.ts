import { describe, expect, test } from 'vitest';
import { checkJson, checkKeyPair, checkXml } from '../../../installer/carry-over/checks.ts';
import { CERTIFICATE, KEY, OTHER_CERTIFICATE, OTHER_KEY } from './key-pairs.ts';

const NOW = Date.UTC(2030, 6, 1);
const LONG_BEFORE = Date.UTC(2001, 0, 1);
const LONG_AFTER = Date.UTC(2080, 0, 1);

describe('XML', () => {
  test.each([
    ['<?xml version="1.0" encoding="UTF-8"?>\n<preferences a="1"><x/></preferences>', true],
    ['\uFEFF<preferences/>', true],
    ['<a><b></a>', false],
    ['<a>', false],
    ['<a/><b/>', false],
    ['<a/><a/>', false],
    ['<?xml version="1.0"?><?style x?><!-- text --><a/>', true],
    ['', false],
    ['\0\0\0\0', false],
    ['{"json": true}', false],
  ])('%j: %s', (text, expected) => {
    expect(checkXml(Buffer.from(text)).ok).toBe(expected);
  });

  test('in UTF-16 with its byte-order mark', () => {
    expect(checkXml(Buffer.from('\uFEFF<a/>', 'utf16le')).ok).toBe(true);
  });
});

test.each([
  ['{"users": []}', true],
  ['\uFEFF[]', true],
  ['{"users": [', false],
  ['', false],
])('JSON %j: %s', (text, expected) => {
  expect(checkJson(Buffer.from(text)).ok).toBe(expected);
});

describe('a key pair', () => {
  const pemFiles = (...contents: string[]) =>
    contents.map((content, index) => ({ path: `${index}.pem`, content: Buffer.from(content) }));
  const pair = (...contents: string[]) => checkKeyPair(pemFiles(...contents), NOW);

  test('that belongs together is fine', () => expect(pair(KEY, CERTIFICATE)).toEqual({ ok: true, value: [] }));
  test('in any order', () => expect(pair(CERTIFICATE, KEY)).toEqual({ ok: true, value: [] }));
  test('with a chain after the certificate', () => {
    expect(pair(KEY, CERTIFICATE + OTHER_CERTIFICATE)).toEqual({ ok: true, value: [] });
  });
  test('of two different pairs is refused', () => {
    expect(pair(OTHER_KEY, CERTIFICATE)).toEqual({
      ok: false,
      fault: 'the private key does not belong to the certificate',
    });
  });
  test.each([
    [LONG_AFTER, 'expired'],
    [LONG_BEFORE, 'not valid before'],
  ])('out of its dates is carried with a warning', (now, words) => {
    expect(checkKeyPair(pemFiles(KEY, CERTIFICATE), now)).toEqual({
      ok: true,
      value: [expect.stringContaining(words)],
    });
  });
  test('half of which is missing is carried with a warning', () => {
    expect(pair(KEY)).toEqual({ ok: true, value: [expect.stringContaining('without its certificate')] });
  });
  test('cut in the middle is refused', () => {
    expect(pair(KEY, CERTIFICATE.slice(0, 200)).ok).toBe(false);
    expect(pair(KEY.slice(0, 100), CERTIFICATE).ok).toBe(false);
  });
  test('of empty files is refused', () => expect(pair('', '').ok).toBe(false));
});
