import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installService, serviceStatus, uninstallService } from '../../../launcher/service/install-service.ts';
import { createLaunchdRegistry } from '../../../launcher/service/launchd-registry.ts';
import type { ServiceContext, ServiceEntry } from '../../../launcher/service/service.ts';
import { createSystemdRegistry } from '../../../launcher/service/systemd-registry.ts';
import { createWindowsRegistry } from '../../../launcher/service/windows-registry.ts';
import { openPlatform } from '../../../platform/current.ts';
import { recordTools, type ToolAnswer } from './tool-recorder.ts';

const FINE: ToolAnswer = () => ({ code: 0 });
const ENTRY: ServiceEntry = {
  name: 'om-business',
  description: 'Office Maker Business',
  command: ['/opt/om-launcher', 'run'],
  workingDirectory: '/opt',
  stopSeconds: 60,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'om-service-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function contextWith(answer: ToolAnswer): { readonly context: ServiceContext; readonly calls: string[] } {
  const { machine, files, processes: real } = openPlatform();
  const { processes, calls } = recordTools(real, answer);
  return { context: { machine, files, processes, stateFolder: path.join(folder, 'state') }, calls };
}

describe('systemd', () => {
  const unit = () => path.join(folder, 'units', 'om-business.service');
  async function systemd(answer: ToolAnswer = FINE) {
    for (const name of ['units', 'packages', 'booted']) await mkdir(path.join(folder, name), { recursive: true });
    const { context, calls } = contextWith(answer);
    const places = {
      systemctl: '/usr/bin/systemctl',
      units: path.join(folder, 'units'),
      packageUnits: [path.join(folder, 'packages')],
      booted: path.join(folder, 'booted'),
    };
    return { registry: createSystemdRegistry(context, places), calls };
  }

  it('installs, installs again without a change, tells, and uninstalls', async () => {
    const shown = 'ActiveState=active\nSubState=running\nUnitFileState=enabled\n';
    const { registry, calls } = await systemd((args) => ({ code: 0, output: args[0] === 'show' ? shown : '' }));
    expect(await registry.status('om-business')).toEqual({ ok: true, value: { kind: 'absent' } });
    const report = { name: 'om-business', file: unit(), startCommand: ['/usr/bin/systemctl', 'start', 'om-business'] };
    expect(await registry.install(ENTRY, {})).toEqual({ ok: true, value: { ...report, change: 'created' } });
    expect(await registry.install(ENTRY, {})).toMatchObject({ ok: true, value: { change: 'unchanged' } });
    expect(await registry.install({ ...ENTRY, stopSeconds: 90 }, {})).toMatchObject({ value: { change: 'replaced' } });
    expect(await registry.status('om-business')).toEqual({
      ok: true,
      value: { kind: 'installed', startsAtBoot: true, running: true, detail: 'active (running)' },
    });
    expect(await registry.uninstall('om-business')).toEqual({ ok: true });
    expect(existsSync(unit())).toBe(false);
    expect(calls.filter((call) => !call.includes('show'))).toEqual([
      ...Array.from({ length: 3 }, () => ['systemctl daemon-reload', 'systemctl enable om-business.service']).flat(),
      'systemctl disable --now om-business.service',
      'systemctl daemon-reload',
    ]);
    expect(await registry.uninstall('om-business')).toMatchObject({ ok: false, fault: { code: 'not-found' } });
  });

  it('never overwrites or removes what somebody else wrote, unless it is named; then it comes back', async () => {
    const { registry, calls } = await systemd();
    await writeFile(unit(), '[Service]\nExecStart=/their/server\n');
    const refused = await registry.install(ENTRY, {});
    expect(refused).toMatchObject({ ok: false, fault: { code: 'already-exists', path: unit() } });
    expect(await registry.install(ENTRY, { takeOver: 'another' })).toMatchObject({ ok: false });
    expect(await registry.uninstall('om-business')).toMatchObject({ ok: false, fault: { code: 'already-exists' } });
    expect(await registry.status('om-business')).toMatchObject({ value: { kind: 'foreign' } });
    expect(calls).toEqual([]);
    const taken = await registry.install(ENTRY, { takeOver: 'om-business' });
    expect(taken).toMatchObject({ value: { change: 'taken-over' } });
    expect(await readFile(unit(), 'utf8')).toContain('/opt/om-launcher');
    expect(await registry.uninstall('om-business')).toEqual({ ok: true });
    expect(await readFile(unit(), 'utf8')).toContain('/their/server');
  });

  it("does not hide a package's unit", async () => {
    const { registry } = await systemd();
    const theirs = path.join(folder, 'packages', 'om-business.service');
    await writeFile(theirs, '[Service]\n');
    expect(await registry.install(ENTRY, {})).toMatchObject({
      ok: false,
      fault: { code: 'already-exists', path: theirs },
    });
    expect(await registry.install(ENTRY, { takeOver: 'om-business' })).toMatchObject({ ok: true });
  });

  it('leaves nothing behind when systemd refuses', async () => {
    const { registry } = await systemd((args) =>
      args[0] === 'enable' ? { code: 1, output: 'first\nFailed to enable unit: Read-only\n' } : { code: 0 },
    );
    expect(await registry.install(ENTRY, {})).toMatchObject({
      ok: false,
      fault: { code: 'command-failed', detail: 'enable ended with status 1: Failed to enable unit: Read-only' },
    });
    expect(existsSync(unit())).toBe(false);
    await writeFile(unit(), 'theirs');
    expect(await registry.install(ENTRY, { takeOver: 'om-business' })).toMatchObject({ ok: false });
    expect(await readFile(unit(), 'utf8')).toBe('theirs');
  });

  it('works in an image in which systemd does not run', async () => {
    const { registry, calls } = await systemd();
    await rm(path.join(folder, 'booted'), { recursive: true });
    expect(await registry.install(ENTRY, {})).toMatchObject({ ok: true });
    expect(await registry.status('om-business')).toMatchObject({ value: { running: false } });
    expect(await registry.uninstall('om-business')).toEqual({ ok: true });
    expect(calls).toEqual(['systemctl enable om-business.service', 'systemctl disable om-business.service']);
  });
});

describe('launchd', () => {
  function launchd(answer: ToolAnswer = FINE) {
    const { context, calls } = contextWith(answer);
    return { registry: createLaunchdRegistry(context, { launchctl: '/bin/launchctl', daemons: folder }), calls };
  }

  it('installs, tells and uninstalls', async () => {
    const { registry, calls } = launchd(() => ({ code: 0, output: 'system/x = {\n\tstate = running\n' }));
    const file = path.join(folder, 'om-launcher.om-business.plist');
    expect(await registry.install(ENTRY, {})).toEqual({
      ok: true,
      value: {
        name: 'om-launcher.om-business',
        change: 'created',
        file,
        startCommand: ['/bin/launchctl', 'bootstrap', 'system', file],
      },
    });
    expect(await registry.status('om-business')).toMatchObject({ value: { kind: 'installed', running: true } });
    expect(await registry.uninstall('om-business')).toEqual({ ok: true });
    expect(existsSync(file)).toBe(false);
    expect(calls.at(-1)).toBe('launchctl bootout system/om-launcher.om-business');
    expect(await registry.status('om-business')).toEqual({ ok: true, value: { kind: 'absent' } });
  });

  it('takes a named daemon over and gives it back', async () => {
    const { registry } = launchd((args) => ({ code: args[0] === 'print' ? 113 : 0 }));
    const theirs = path.join(folder, 'com.example.om.plist');
    await writeFile(theirs, '<plist/>');
    const taken = await registry.install(ENTRY, { takeOver: 'com.example.om' });
    expect(taken).toMatchObject({ value: { name: 'com.example.om', change: 'taken-over' } });
    expect(await readFile(theirs, 'utf8')).toContain('<string>com.example.om</string>');
    expect(await registry.uninstall('com.example.om')).toEqual({ ok: true });
    expect(await readFile(theirs, 'utf8')).toBe('<plist/>');
  });

  it('leaves nothing behind when launchd refuses', async () => {
    const { registry } = launchd(() => ({ code: 1, output: 'no' }));
    expect(await registry.install(ENTRY, {})).toMatchObject({ ok: false, fault: { code: 'command-failed' } });
    expect(existsSync(path.join(folder, 'om-launcher.om-business.plist'))).toBe(false);
  });
});

/** Keeps the command lines of services as Windows would. */
function fakeServiceControl(failing?: string): { readonly answer: ToolAnswer; readonly services: Map<string, string> } {
  const services = new Map<string, string>();
  const answer: ToolAnswer = (args) => {
    const [verb = '', name = '', ...rest] = args;
    if (verb === failing) return { code: 87 };
    if (verb === 'create') services.set(name, rest[1] ?? '');
    else if (!services.has(name)) return { code: 1060 };
    if (verb === 'config') services.set(name, rest[1] ?? '');
    if (verb === 'stop') return { code: 1062 };
    const output = `START_TYPE : 2 AUTO_START\nBINARY_PATH_NAME : ${services.get(name) ?? ''}\nSTATE : 4 RUNNING\n`;
    if (verb === 'delete') services.delete(name);
    return { code: 0, output };
  };
  return { answer, services };
}

describe('Windows', () => {
  const places = () => ({ sc: 'C:\\Windows\\System32\\sc.exe', host: path.join(folder, 'om-launcher-service.exe') });
  async function windows(failing?: string) {
    await writeFile(places().host, '');
    const { answer, services } = fakeServiceControl(failing);
    const { context, calls } = contextWith(answer);
    return { registry: createWindowsRegistry(context, places()), calls, services };
  }

  it('installs, tells and uninstalls', async () => {
    const { registry, services } = await windows();
    expect(await registry.install(ENTRY, {})).toMatchObject({ value: { change: 'created' } });
    expect(await registry.install(ENTRY, {})).toMatchObject({ value: { change: 'unchanged' } });
    expect(await registry.install({ ...ENTRY, command: ['C:\\new.exe'] }, {})).toMatchObject({
      value: { change: 'replaced' },
    });
    expect(await registry.status('om-business')).toMatchObject({
      value: { kind: 'installed', startsAtBoot: true, running: true },
    });
    expect(await registry.uninstall('om-business')).toEqual({ ok: true });
    expect([...services]).toEqual([]);
  });

  it("changes of somebody else's service the command line only, and puts it back", async () => {
    const { registry, services, calls } = await windows();
    services.set('OM Business', '"C:\\OM\\OM Business Server.exe"');
    expect(await registry.install({ ...ENTRY, name: 'OM Business' }, {})).toMatchObject({
      ok: false,
      fault: { code: 'already-exists' },
    });
    expect(await registry.install({ ...ENTRY, name: 'OM Business' }, { takeOver: 'OM Business' })).toMatchObject({
      value: { change: 'taken-over' },
    });
    expect(services.get('OM Business')).toContain('om-launcher-service.exe');
    expect(calls.filter((call) => !call.startsWith('sc.exe qc'))).toHaveLength(1);
    expect(await registry.uninstall('OM Business')).toEqual({ ok: true });
    expect(services.get('OM Business')).toBe('"C:\\OM\\OM Business Server.exe"');
  });

  it('takes a half-made service away again', async () => {
    const { registry, services } = await windows('failure');
    expect(await registry.install(ENTRY, {})).toMatchObject({ ok: false, fault: { code: 'command-failed' } });
    expect([...services]).toEqual([]);
  });

  it('says which file is missing', async () => {
    const { context } = contextWith(FINE);
    const registry = createWindowsRegistry(context, places());
    const { host } = places();
    expect(await registry.install(ENTRY, {})).toMatchObject({ ok: false, fault: { code: 'not-found', path: host } });
  });
});

describe('installing', () => {
  it('needs an administrator and a sound entry, and tries nothing otherwise', async () => {
    const { context, calls } = contextWith(FINE);
    const asUser = { ...context, machine: { ...context.machine, elevated: false, account: 'anna' } };
    expect(await installService(asUser, ENTRY)).toMatchObject({
      ok: false,
      fault: { code: 'no-permission', account: 'anna' },
    });
    expect(await installService(asUser, { ...ENTRY, name: 'a b' })).toMatchObject({
      ok: false,
      fault: { code: 'configuration-invalid' },
    });
    for (const name of ['../evil', '-now', 'a/b', 'a\nb', '']) {
      expect(await installService(context, ENTRY, { takeOver: name })).toMatchObject({
        fault: { code: 'request-invalid' },
      });
      expect(await uninstallService(context, name)).toMatchObject({ fault: { code: 'request-invalid' } });
      expect(await serviceStatus(context, name)).toMatchObject({ fault: { code: 'request-invalid' } });
    }
    expect(calls).toEqual([]);
  });
});
