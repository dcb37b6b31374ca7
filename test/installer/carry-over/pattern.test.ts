import { describe, expect, test } from 'vitest';
import { compileFolderPattern, compilePattern, foldFor } from '../../../installer/carry-over/pattern.ts';

describe('a pattern', () => {
  test.each([
    ['Server Database/key.pem', 'Server Database/key.pem', true],
    ['Server Database/key.pem', 'Server Database/Key.pem', false],
    ['Server Database/*.4DZ', 'Server Database/OM Finance.4DZ', true],
    ['Server Database/*.4DZ', 'Server Database/.4DZ', true],
    ['Server Database/*.4DZ', 'Server Database/sub/OM.4DZ', false],
    ['Server Database/*.4DZ', 'Server Database/OM.4DZ.bak', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*bc*c', 'abc', false],
    ['*', 'anything', true],
    ['*', 'any/thing', false],
    ['WebFolder/**', 'WebFolder/a/b/c.html', true],
    ['WebFolder/**', 'WebFolder', false],
    ['WebFolder/**', 'WebFolder2/a', false],
    ['**/key.pem', 'key.pem', true],
    ['**/key.pem', 'a/b/key.pem', true],
    ['**/key.pem', 'a/b/monkey.pem', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a.b', 'axb', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(compilePattern(pattern, foldFor('linux'))(path)).toBe(expected);
  });

  test('ignores case and Unicode form where the volume does', () => {
    const matches = compilePattern('Réglages/*.PEM', foldFor('macos'));
    expect(matches('RE\u0301GLAGES/key.pem')).toBe(true);
  });

  test('takes no exponential time', () => {
    const matches = compilePattern('*a'.repeat(40), foldFor('linux'));
    expect(matches(`${'a'.repeat(39)}b`)).toBe(false);
  });
});

describe('the folders into which a pattern leads', () => {
  test.each([
    ['Server Database/key.pem', 'Server Database', true],
    ['Server Database/key.pem', 'Server Database/key.pem', false],
    ['Server Database/key.pem', 'Server', false],
    ['Server Database/*/key.pem', 'Server Database', true],
    ['Server Database/*/key.pem', 'Server Database/any', true],
    ['Server Database/*/key.pem', 'Server Database/any/more', false],
    ['key.pem', 'key.pem', false],
    ['WebFolder/**', 'WebFolder', true],
    ['WebFolder/**', 'WebFolder/a/b', true],
    ['WebFolder/**', 'WebFolder2/a', false],
    ['a/b/**/z', 'a', true],
    ['a/b/**/z', 'b', false],
    ['a/b/**/z', 'a/b/c/d', true],
    ['**/key.pem', 'anywhere/at/all', true],
  ])('%s into %s: %s', (pattern, folder, expected) => {
    expect(compileFolderPattern(pattern, foldFor('linux'))(folder)).toBe(expected);
  });

  test('are compared as the volume compares names', () => {
    expect(compileFolderPattern('Contents/Server Database/*.4DZ', foldFor('macos'))('contents/SERVER DATABASE')).toBe(
      true,
    );
  });
});
