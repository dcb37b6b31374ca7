import { describe, expect, test } from 'vitest';
import { parseTcpTable } from '../../../platform/linux/proc-net.ts';
import { isLive, parseStat } from '../../../platform/linux/proc-stat.ts';

describe('/proc/PID/stat', () => {
  const numbers = '4711 815 815 34816 815 4194304 1 2 3 4 70 30 7 8 20 0 1 0 9321 1000000 250 18446744073709551615';

  test.each([
    ['plain', '42 (server) S', 'server', true],
    ['with blanks and brackets', '42 (a) (b c) Z 1) S', 'a) (b c) Z 1', true],
    ['a zombie', '42 (server) Z', 'server', false],
    ['a dead one', '42 (server) X', 'server', false],
  ])('%s', (_, start, name, live) => {
    const stat = parseStat(`${start} ${numbers}\n`);
    expect(stat).toMatchObject({
      name,
      parentPid: 4711,
      session: 815,
      cpuTicks: 100,
      startTicks: '9321',
      residentPages: 250,
    });
    expect(stat && isLive(stat)).toBe(live);
  });

  test.each([
    ['4194304', false],
    ['2129984', true],
  ])('flags %s: a thread of the kernel: %s', (flags, expected) => {
    expect(parseStat(`2 (kthreadd) S ${numbers.replace('4194304', flags)}\n`)?.isKernel).toBe(expected);
  });

  test.each(['', 'rubbish', '42 (server) S 1 2', ') ('])('%j is not one', (line) => {
    expect(parseStat(line)).toBeUndefined();
  });
});

describe('/proc/net/tcp', () => {
  const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

  test('of IPv4', () => {
    const lines = [
      '   0: 0100007F:4D65 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22790 1 0 100 0 0 10 0',
      '   1: 0100007F:4D65 0200A8C0:D431 01 00000000:00000000 02:00000B0F 00000000     0        0 35077 2 0 20 4 30 10 -1',
      '   2: 0100007F:4D65 0200A8C0:D432 06 00000000:00000000 00:00000000 00000000   998        0 0 3 0',
    ];
    expect(parseTcpTable(heading + lines.join('\n'), 19813)).toEqual([
      { localPort: 19813, remoteAddress: '0.0.0.0', remotePort: 0, state: 'listening', inode: '22790', uid: 0 },
      {
        localPort: 19813,
        remoteAddress: '192.168.0.2',
        remotePort: 54321,
        state: 'established',
        inode: '35077',
        uid: 0,
      },
      { localPort: 19813, remoteAddress: '192.168.0.2', remotePort: 54322, state: 'other', inode: '0', uid: 998 },
    ]);
  });

  test('of one local port: neither what has it on the other side, nor one whose number ends alike', () => {
    const rest = '01 00000000:00000000 00:00000000 00000000     0        0 7 1';
    const lines = [
      `   0: 0100007F:D431 0200A8C0:4D65 ${rest}`,
      `   1: 0100007F:4D65 0200A8C0:4D65 ${rest}`,
      `   2: 0100007F:4D66 0200A8C0:0001 ${rest}`,
      `   3: 0100007F:4D65 0200A8C0:0001 ${rest}`,
    ];
    const ports = parseTcpTable(`${heading}${lines.join('\n')}\n`, 19813).map(({ remotePort }) => remotePort);
    expect(ports).toEqual([19813, 1]);
    expect(parseTcpTable(`${heading}${lines.join('\n')}\n`, 80)).toEqual([]);
    expect(parseTcpTable('', 80)).toEqual([]);
  });

  test.each([
    ['00000000000000000000000001000000', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
    ['B80D0120010000000000000000000200', '2001:db8:0:1::2:0'],
    ['000080FE00000000FF5C1A02563412FE', 'fe80::21a:5cff:fe12:3456'],
    ['B80D0120010000000100020003000400', '2001:db8:0:1:2:1:4:3'],
  ])('of IPv6: %s is %s', (hex, address) => {
    const line = `   0: 00000000000000000000000000000000:0050 ${hex}:0001 01 00000000:00000000 00:00000000 00000000 0 0 7 1`;
    expect(parseTcpTable(heading + line, 80).map((entry) => entry.remoteAddress)).toEqual([address]);
  });
});
