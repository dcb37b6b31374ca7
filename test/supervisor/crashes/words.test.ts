import { describe, expect, it } from 'vitest';
import { fingerprintOf, withoutParticulars } from '../../../supervisor/crashes/fingerprint.ts';
import { redactLines } from '../../../supervisor/crashes/redact.ts';

describe('a fingerprint', () => {
  const exit = { kind: 'exited', code: 3 } as const;

  it('is the same for crashes that differ in times, numbers, addresses and paths', () => {
    const one = ['2026-01-02T03:04:05.678Z pid 4711: cannot open /var/data/Muster.4DD (0x7ffe12ab)', 'code 13'];
    const other = ['2026-11-22T13:14:15.001Z pid 99: cannot open /srv/om/Company.4DD (0xdeadbeef01)', 'code 2'];
    expect(fingerprintOf(exit, one)).toBe(fingerprintOf(exit, other));
    expect(withoutParticulars(String.raw`C:\Office Maker\x.4DD at a1b2c3d4e5f6`)).toBe(
      '<path> Maker\\x.<n>DD at <hex>',
    );
  });

  it('differs by words, by status and by signal, not by what was said long before', () => {
    const words = ['a', 'b', 'c', 'd', 'e'];
    const prints = [
      fingerprintOf(exit, words),
      fingerprintOf({ kind: 'exited', code: 4 }, words),
      fingerprintOf({ kind: 'signalled', signal: 'SIGSEGV' }, words),
      fingerprintOf(exit, ['a', 'b', 'c', 'd', 'f']),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(fingerprintOf(exit, ['long before', ...words])).toBe(prints[0]);
  });
});

describe('secrets', () => {
  it.each([
    ['Authorization: Bearer abcdef0123456789', 'Authorization: [hidden]'],
    ['sent {"authorization":"OM-Ticket abc"}', 'sent {"authorization":"[hidden]"}'],
    ['smtp login user=om password=hunter2, ok', 'smtp login user=om password=[hidden], ok'],
    ['{"dbPassword": "x y", "port": 1}', '{"dbPassword": [hidden], "port": 1}'],
    ['API_KEY=abc&x=1', 'API_KEY=[hidden]&x=1'],
    ['connecting to postgres://om:hunter2@db.example.ch/om', 'connecting to postgres://[hidden]@db.example.ch/om'],
    ['with bearer abc.def-0123456789', 'with bearer [hidden]'],
    ['Cookie: session=1; other=2', 'Cookie: [hidden]'],
    [`key ${'0a1b'.repeat(16)} used`, 'key [hidden] used'],
    ['reads /state/server-child.token now', 'reads [hidden] now'],
    ['the token was refused', 'the token was refused'],
    ['passwords are checked by the server: 3 of 4', 'passwords are checked by the server: 3 of 4'],
  ])('%s', (line, shown) => {
    expect(redactLines([line], ['/state/server-child.token'])).toEqual([shown]);
  });

  it('in a private key are hidden over all its lines', () => {
    const lines = ['before', '-----BEGIN RSA PRIVATE KEY-----', 'MIIE', '-----END RSA PRIVATE KEY-----', 'after'];
    expect(redactLines(lines)).toEqual(['before', '[hidden]', '[hidden]', '[hidden]', 'after']);
  });
});
