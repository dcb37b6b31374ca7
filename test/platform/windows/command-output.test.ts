import { describe, expect, test } from 'vitest';
import { cimScript, parseBootId, parseCim } from '../../../platform/windows/cim-output.ts';
import { listenersOfNetstat, peersOfNetstat } from '../../../platform/windows/netstat-output.ts';

describe('CIM', () => {
  test('rows of processes', () => {
    const text =
      '0\t0\t0\t0\t8192\t0\tSystem Idle Process\r\n' +
      '4120\t812\t134083521426543210\t15000000\t98304000\t4096\tOM Business.exe\r\n' +
      'Get-CimInstance : Zugriff verweigert\r\n';
    expect(parseCim(text, '0x2a')).toEqual([
      expect.objectContaining({ name: 'System Idle Process' }),
      {
        identity: { pid: 4120, startTime: '134083521426543210', bootId: '0x2a' },
        parentPid: 812,
        startOrder: 13_408_352_142_654,
        name: 'OM Business.exe',
        cpuMs: 1_500,
        residentBytes: 98_304_000,
        ioBytes: 4_096,
      },
    ]);
  });

  test('the script asks with the filter in single quotes', () => {
    expect(cimScript('ProcessId = 12')).toContain(`Win32_Process -Filter 'ProcessId = 12' |`);
    expect(cimScript(undefined)).toContain('Win32_Process |');
  });

  test('the number of the boot', () => {
    const text = '\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\...\\PrefetchParameters\r\n    BootId    REG_DWORD    0x2A\r\n\r\n';
    expect(parseBootId(text)).toBe('0x2a');
    expect(parseBootId('ERROR: The system was unable to find the specified registry key')).toBeUndefined();
  });
});

describe('netstat in any language', () => {
  const text = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:19813          0.0.0.0:0              ABHÖREN          4120
  TCP    [::]:19813             [::]:0                 ABHÖREN          4120
  TCP    192.168.1.5:19813      192.168.1.77:54321     HERGESTELLT      4120
  TCP    192.168.1.5:19813      192.168.1.78:54321     WARTEND          0
  TCP    [fe80::1%12]:19813     [fe80::2%12]:51000     HERGESTELLT      4120
  TCP    192.168.1.5:443        192.168.1.79:54321     HERGESTELLT      9
  UDP    0.0.0.0:19813          *:*                                     4120
`;

  test('listeners', () => {
    expect(listenersOfNetstat(text, 19813)).toEqual([4120]);
    expect(listenersOfNetstat(text, 19814)).toEqual([]);
  });

  test('peers', () => {
    expect(peersOfNetstat(text, 19813)).toEqual([
      { address: '192.168.1.77', port: 54321 },
      { address: 'fe80::2', port: 51000 },
    ]);
  });
});
