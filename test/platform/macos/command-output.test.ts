import { describe, expect, test } from 'vitest';
import { peersOfNetstat, pidsOfLsof } from '../../../platform/macos/lsof-output.ts';
import { parsePs, pidsWithVariable } from '../../../platform/macos/ps-output.ts';

const PS = `    1     0     1 Ss   Sun Nov  1 08:00:01 2026     12:31.05  14720 /sbin/launchd
  501     1   501 S    Sun Nov 22 09:15:42 2026      0:01.50  98304 /Applications/Office Maker/OM Business.app/Contents/MacOS/OM Business
  733   501   501 S+   Sun Nov 22 09:15:44 2026   2-01:00:00  20480 helper
  740   501   501 Z    Sun Nov 22 09:15:50 2026      0:00.00      0 (dead)
`;

describe('ps', () => {
  test('rows, without zombies, with blanks in names', () => {
    expect(parsePs(PS, 'boot')).toEqual([
      expect.objectContaining({ parentPid: 0, name: 'launchd', cpuMs: 751_050 }),
      {
        identity: { pid: 501, startTime: 'Sun Nov 22 09:15:42 2026', bootId: 'boot' },
        parentPid: 1,
        sessionPid: 501,
        startOrder: Date.UTC(2026, 10, 22, 9, 15, 42),
        name: 'OM Business',
        cpuMs: 1_500,
        residentBytes: 98_304 * 1024,
      },
      expect.objectContaining({ parentPid: 501, name: 'helper', cpuMs: (2 * 86_400 + 3_600) * 1000 }),
    ]);
  });

  test.each(['', 'ps: illegal option', '  1  2'])('%j has no rows', (text) => {
    expect(parsePs(text, 'boot')).toEqual([]);
  });

  test('environments after the arguments', () => {
    const text = `  501 /Applications/OM --headless TMPDIR=/tmp OM_LAUNCH_NONCE=abc HOME=/var/root
  502 /bin/sh OM_LAUNCH_NONCE=abcdef
  503 /bin/sh XOM_LAUNCH_NONCE=abc
  504 /bin/sh OM_LAUNCH_NONCE=abc
`;
    expect([...pidsWithVariable(text, 'OM_LAUNCH_NONCE', 'abc')]).toEqual([501, 504]);
  });
});

describe('lsof and netstat', () => {
  test('pids of field output', () => {
    expect(pidsOfLsof('p501\nf12\np733\nf3\nf4\np501\n')).toEqual([501, 733]);
    expect(pidsOfLsof('')).toEqual([]);
  });

  test('established peers of a port', () => {
    const text = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  192.168.1.5.19813      192.168.1.77.54321     ESTABLISHED
tcp6       0      0  fe80::1%en0.19813      fe80::2%en0.51000      ESTABLISHED
tcp4       0      0  192.168.1.5.443        192.168.1.78.54321     ESTABLISHED
tcp4       0      0  192.168.1.5.19813      192.168.1.79.54321     TIME_WAIT
tcp46      0      0  *.19813                *.*                    LISTEN
`;
    expect(peersOfNetstat(text, 19813)).toEqual([
      { address: '192.168.1.77', port: 54321 },
      { address: 'fe80::2%en0', port: 51000 },
    ]);
  });
});
