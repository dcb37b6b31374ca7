import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { launchdLabel, launchdPlist } from '../../../launcher/service/launchd-plist.ts';
import { checkEntry, type ServiceEntry } from '../../../launcher/service/service.ts';
import { systemdUnit, unitProperties } from '../../../launcher/service/systemd-unit.ts';
import {
  binaryPathOf,
  createCalls,
  isRunning,
  serviceCommandLine,
  startsAtBoot,
  windowsQuoted,
} from '../../../launcher/service/windows-service.ts';

const ENTRY: ServiceEntry = {
  name: 'om-business',
  description: 'Office Maker Business, 100 % supervised',
  command: ['/opt/Office Maker/om-launcher', 'run', '--config', '/etc/om "new" $HOME.json'],
  workingDirectory: '/opt/Office Maker',
  account: 'om_service',
  stopSeconds: 150,
};

describe('the unit for systemd', () => {
  it('starts the launcher at boot, for ever, and leaves the server alone', () => {
    expect(systemdUnit(ENTRY)).toBe(`# Written by om-launcher: "om-launcher service install" replaces this file.

[Unit]
Description=Office Maker Business, 100 %% supervised
Wants=network-online.target
After=network-online.target
# A server has to come up, however often it did not.
StartLimitIntervalSec=0

[Service]
Type=notify
# The launcher tells through systemd-notify, which is a process of its own.
NotifyAccess=all
ExecStart="/opt/Office Maker/om-launcher" run --config "/etc/om \\"new\\" $$HOME.json"
WorkingDirectory=/opt/Office Maker
User=om_service
# The server outlives the launcher: only the launcher gets the signal, and it stops the server itself.
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=180
# A hung launcher is replaced and its server is not: no core dump, no stop, the next launcher takes the server over.
WatchdogSec=60
WatchdogSignal=SIGTERM
TimeoutAbortSec=10
Restart=always
RestartSec=5
RestartForceExitStatus=75
# A child that the kernel kills for its memory must not end the others.
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`);
  });

  it('says no user for the account that may do everything', () => {
    const { account, ...entry } = ENTRY;
    expect(account).toBeDefined();
    expect(systemdUnit(entry)).not.toContain('User=');
    expect(systemdUnit(entry)).toContain('WorkingDirectory=/opt/Office Maker\n# The server');
  });

  it.runIf(existsSync('/usr/bin/systemd-analyze'))('is understood by systemd', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'om-unit-'));
    try {
      const program = path.join(folder, 'the launcher $1 100%');
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
      const unit = path.join(folder, 'om-test.service');
      const command = [program, 'run', 'a\\b "c" $d %e'];
      writeFileSync(unit, systemdUnit({ ...ENTRY, account: 'root', command, workingDirectory: folder }));
      const verified = spawnSync('/usr/bin/systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
      const aboutOurs = `${verified.stdout}${verified.stderr}`.split('\n').filter((line) => line.includes('om-test'));
      expect(aboutOurs).toEqual([]);
      expect(verified.status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is read back from what systemctl shows', () => {
    const properties = unitProperties('ActiveState=active\nSubState=running\n\nExecStart={ path=/a ; b=c }\n');
    expect([...properties]).toEqual([
      ['ActiveState', 'active'],
      ['SubState', 'running'],
      ['ExecStart', '{ path=/a ; b=c }'],
    ]);
  });
});

describe('the property list for launchd', () => {
  const plist = launchdPlist({ ...ENTRY, command: ['/a & b', '<run>'] }, launchdLabel('om-business'));

  it('gives its strings back as they went in', () => {
    const parsed = new XMLParser({ parseTagValue: false }).parse(plist) as {
      readonly plist: { readonly dict: { readonly array: { readonly string: readonly string[] } } };
    };
    expect(parsed.plist.dict.array.string).toEqual(['/a & b', '<run>']);
  });

  it.each([
    ['Label', '<string>om-launcher.om-business</string>'],
    ['UserName', '<string>om_service</string>'],
    ['RunAtLoad', '<true/>'],
    ['ProcessType', '<string>Interactive</string>'],
    ['AbandonProcessGroup', '<true/>'],
    ['ExitTimeOut', '<integer>180</integer>'],
  ])('says %s', (key, value) => {
    expect(plist.replace(/\n\s*/g, '')).toContain(`<key>${key}</key>${value}`);
  });

  it('starts the launcher again unless it ended well', () => {
    expect(plist.replace(/\n\s*/g, '')).toContain('<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>');
  });
});

describe('the calls for a Windows service', () => {
  const entry: ServiceEntry = {
    ...ENTRY,
    command: ['C:\\Office Maker\\om-launcher.exe', 'run', '--config', 'C:\\Office Maker\\'],
    account: '.\\OM_service',
  };

  it('make it start late, restart after failures, and stop in time', () => {
    expect(createCalls(entry, 'HOST "C:\\x.exe"')).toEqual([
      // prettier-ignore
      ['create', 'om-business', 'binPath=', 'HOST "C:\\x.exe"', 'start=', 'delayed-auto', 'obj=', '.\\OM_service', 'DisplayName=', ENTRY.description],
      ['description', 'om-business', `Written by om-launcher: ${ENTRY.description}`],
      ['failure', 'om-business', 'reset=', '86400', 'actions=', 'restart/5000/restart/30000/restart/120000'],
      ['failureflag', 'om-business', '1'],
      ['preshutdown', 'om-business', '180000'],
    ]);
  });

  it.each([
    ['plain', 'plain'],
    ['', '""'],
    ['with space', '"with space"'],
    ['C:\\Office Maker\\', '"C:\\Office Maker\\\\"'],
    ['say "yes"', '"say \\"yes\\""'],
    ['a\\"b', '"a\\\\\\"b"'],
    ['C:\\no\\space', 'C:\\no\\space'],
  ])('quote %j as %s', (argument, quoted) => {
    expect(windowsQuoted(argument)).toBe(quoted);
  });

  it('put the host before the launcher', () => {
    expect(serviceCommandLine('C:\\Office Maker\\host.exe', entry)).toBe(
      '"C:\\Office Maker\\host.exe" "C:\\Office Maker\\om-launcher.exe" run --config "C:\\Office Maker\\\\"',
    );
  });

  it('read what sc answers', () => {
    const configuration = `[SC] QueryServiceConfig SUCCESS\r
\r
SERVICE_NAME: om-business\r
        TYPE               : 10  WIN32_OWN_PROCESS \r
        START_TYPE         : 2   AUTO_START  (DELAYED)\r
        BINARY_PATH_NAME   : "C:\\Office Maker\\host.exe" run  \r
        LOAD_ORDER_GROUP   : \r
`;
    expect(binaryPathOf(configuration)).toBe('"C:\\Office Maker\\host.exe" run');
    expect(startsAtBoot(configuration)).toBe(true);
    expect(binaryPathOf('[SC] OpenService FAILED 1060:')).toBeUndefined();
    expect(isRunning('        STATE              : 4  RUNNING \r\n')).toBe(true);
    expect(isRunning('        STATE              : 1  STOPPED \r\n')).toBe(false);
  });
});

describe('an entry', () => {
  it.each([
    ['a second line in the description', { description: 'a\nExecStartPre=/bin/evil' }],
    ['a folder as name', { name: '../evil' }],
    ['an option as name', { name: '-evil' }],
    ['a program without its path', { command: ['om-launcher'] }],
    ['no program', { command: [] }],
    ['a line break in an argument', { command: ['/bin/a', 'b\r\nc'] }],
  ])('with %s is refused', (_, change) => {
    const checked = checkEntry({ ...ENTRY, ...change });
    expect(checked).toMatchObject({ ok: false, fault: { code: 'configuration-invalid' } });
  });

  it('with ordinary names is accepted', () => {
    expect(checkEntry(ENTRY).ok).toBe(true);
    expect(checkEntry({ ...ENTRY, command: ['C:\\a.exe'] }).ok).toBe(true);
  });
});
