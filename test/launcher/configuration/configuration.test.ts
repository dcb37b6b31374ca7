import { readFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { officeMakerRules } from '../../../installer/carry-over/presets.ts';
import { configurationDocument } from '../../../launcher/configuration/document.ts';
import { findConfiguration } from '../../../launcher/configuration/find.ts';
import { mistakesOf } from '../../../launcher/configuration/load.ts';
import { carryOverRulesOf, serverOptionsOf, smokeRunOf } from '../../../launcher/configuration/mapping.ts';
import { configurationSchema } from '../../../launcher/configuration/schema.ts';
import { editDistance, nearest } from '../../../launcher/configuration/suggest.ts';
import { filesWith, load, loadGood, machineOf } from './example.ts';

describe('a short file', () => {
  it('is filled in by the product', async () => {
    const { configuration, updatesBlocked } = await loadGood('{ "product": "finance", "folder": "../../srv/om" }');
    expect(updatesBlocked).toEqual([]);
    expect(configuration).toMatchObject({
      name: 'OM Finance',
      folder: '/srv/om',
      bundle: '/srv/om/OM Finance',
      stateFolder: '/var/lib/om-launcher/OM Finance',
      server: {
        command: '/srv/om/OM Finance/OM Finance',
        workingDirectory: '/srv/om/OM Finance',
        port: 19_823,
        health: {
          probes: [{ kind: 'tcp', host: '127.0.0.1', port: 19_823, timeoutMs: 5000 }],
          watchMs: 660_000,
          passes: 6,
        },
      },
      port: { host: '127.0.0.1', port: 19_830 },
      updates: {
        channel: 'stable',
        delaySeconds: 90,
        keepOld: { kind: 'days', days: 7 },
        proxy: { kind: 'environment' },
      },
      data: { backup: { folder: '/var/lib/om-launcher/OM Finance/data-backups' }, restore: 'on-format-change' },
      logs: { folder: '/var/lib/om-launcher/OM Finance/logs' },
      language: 'en',
    });
    expect(configuration.mail).toBeUndefined();
  });

  it('may hand the server’s port over on Linux', async () => {
    const probes = '[{ "type": "http", "url": "http://127.0.0.1:8080/" }]';
    const text = (server: string): string => `{ "product": "staff", "folder": "/x", "server": { ${server} } }`;
    const handed = text(`"handover": "fd", "port": 8080, "health": { "probes": ${probes} }`);
    expect((await loadGood(handed)).configuration.server.handover).toEqual({ host: '::', port: 8080 });
    expect((await loadGood(text('"handover": "none"'))).configuration.server.handover).toBeUndefined();
    const [mistake] = mistakesOf(await load(handed, machineOf('windows')));
    expect(mistake).toMatchObject({ path: 'server.handover', expected: '"none" on this operating system' });
  });

  it.each([
    ['business', 19_820],
    ['finance', 19_830],
    ['staff', 19_840],
  ])('%s: launcher port %i', async (product, port) => {
    expect((await loadGood(`{ "product": "${product}", "folder": "/x" }`)).configuration.port.port).toBe(port);
  });

  it('lies elsewhere on Windows and macOS', async () => {
    const windows = await loadGood(
      '{ "product": "staff", "folder": "Office Maker" }',
      machineOf('windows', { ProgramData: 'D:\\PD' }),
    );
    expect(windows.configuration).toMatchObject({
      bundle: 'C:\\OM\\Office Maker\\OM Staff',
      stateFolder: 'D:\\PD\\OM Launcher\\OM Staff',
      server: { command: 'C:\\OM\\Office Maker\\OM Staff\\OM Staff.exe' },
    });
    const mac = await loadGood('{ "product": "staff", "folder": "/Applications/Office Maker" }', machineOf('macos'));
    expect(mac.configuration).toMatchObject({
      bundle: '/Applications/Office Maker/OM Staff.app',
      server: { command: '/Applications/Office Maker/OM Staff.app/Contents/MacOS/OM Staff' },
    });
    expect(carryOverRulesOf(mac.configuration)[0]?.pattern).toBe(
      'Contents/Server Database/Settings/settings.4DSettings',
    );
    expect(carryOverRulesOf(mac.configuration).some(({ action }) => action === 'rename')).toBe(false);
    expect(carryOverRulesOf(windows.configuration)).toEqual(officeMakerRules('windows-like'));
  });

  it('takes the language of the machine', async () => {
    const { configuration } = await loadGood(
      '{ "product": "staff", "folder": "/x" }',
      machineOf('linux', { LANG: 'fr_CH.UTF-8' }),
    );
    expect(configuration.language).toBe('fr');
  });
});

const WHOLE = `{
  // everything said without a product
  "$schema": "./schema.json",
  "name": "node-red", "folder": ".", "bundle": "app", "stateFolder": "state",
  "server": {
    "command": "node", "args": ["{bundle}/red.js", "{folder}/x", "{tokenFile}"], "env": { "A": "{folder}" },
    "workingDirectory": "{bundle}/work", "port": 1880,
    "start": { "limitSeconds": 20 }, "stop": { "request": ["/bin/quit", "{folder}"], "kill": "never" },
    "health": { "probes": [{ "type": "http", "url": "http://127.0.0.1:1880/" }, { "type": "cooperative" }], "everySeconds": 0.5, "watchSeconds": 3,
      "readiness": { "failures": 5, "probes": [{ "type": "http", "name": "login page", "url": "https://om.example/", "ca": "own.pem" }] },
      "liveness": { "probes": [{ "type": "command", "command": ["{folder}/alive"] }] } },
    "smoke": { "args": ["{bundle}/red.js", "--version"] },
  },
  "updates": {
    "repository": "repo", "root": "root.json", "keepOldDays": "until-next-update", "pin": "2.0",
    "proxy": { "url": "http://proxy:3128", "user": "u", "passwordEnv": "PW" },
  },
  "carryOver": { "rules": [{ "pattern": "settings.js", "action": "always" }] },
  "port": { "listen": "[::1]:4000" },
  "mail": { "smtp": { "host": "127.0.0.1", "port": 2525, "secure": "none", "user": "u", "passwordFile": "pw" }, "from": "a@b.ch", "to": ["c@d.ch"] },
}`;

describe('a whole file', () => {
  it('keeps everything that it says', async () => {
    const { configuration } = await loadGood(WHOLE, machineOf('linux', { PATH: '/nowhere:/usr/bin' }), {
      '/usr/bin/node': '',
    });
    expect(configuration).toMatchObject({
      bundle: '/etc/om/app',
      stateFolder: '/etc/om/state',
      updates: {
        repository: { kind: 'folder', path: '/etc/om/repo' },
        root: '/etc/om/root.json',
        keepOld: { kind: 'until-next-update' },
        pin: '2.0',
        proxy: { kind: 'explicit', login: { user: 'u', password: { kind: 'environment', name: 'PW' } } },
      },
      carryOver: [{ pattern: 'settings.js', action: 'always' }],
      port: { host: '::1', port: 4000 },
      mail: { smtp: { port: 2525, login: { password: { kind: 'file', path: '/etc/om/pw' } } } },
    });
    expect(serverOptionsOf(configuration, () => 'http://x')).toMatchObject({
      command: '/usr/bin/node',
      args: ['{bundle}/red.js', '/etc/om/x', '{tokenFile}'],
      environment: { A: '/etc/om' },
      workingDirectory: '/etc/om/app/work',
      logFolder: '/etc/om/state/logs',
      start: { limitMs: 20_000, extendMs: 60_000, hardLimitMs: 14_400_000 },
      probes: [
        { kind: 'http', url: 'http://127.0.0.1:1880/', statuses: [200], timeoutMs: 5000 },
        { kind: 'cooperative' },
      ],
      probeEveryMs: 500,
      health: {
        startup: { passes: 1 },
        readiness: {
          failures: 5,
          passes: 1,
          probes: [{ kind: 'http', name: 'login page', url: 'https://om.example/', ca: '/etc/om/own.pem' }],
        },
        liveness: {
          failures: 60,
          usersPort: 1880,
          probes: [{ kind: 'command', command: ['/etc/om/alive'], timeoutMs: 5000 }],
        },
      },
      stop: { orderMs: 120_000, request: { kind: 'command', command: ['/bin/quit', '/etc/om'] }, kill: 'never' },
      restart: { stableMs: 10_000, firstDelayMs: 1000, maximumDelayMs: 300_000, jitter: 0.2 },
    });
    expect(smokeRunOf(configuration, '/stage/app', machineOf())).toMatchObject({
      command: '/usr/bin/node',
      args: ['/stage/app/red.js', '--version'],
      workingDirectory: '/stage/app/work',
    });
  });

  it('finds a bare program in the bundle before PATH, even while the bundle is set aside', async () => {
    const machine = machineOf('linux', { PATH: '/usr/bin' });
    const inBundle = await loadGood(WHOLE, machine, { '/usr/bin/node': '', '/etc/om/app/node': '' });
    expect(inBundle.configuration.server.command).toBe('/etc/om/app/node');
    const inOld = await loadGood(WHOLE, machine, { '/usr/bin/node': '', '/etc/om/app_old/node': '' });
    expect(inOld.configuration.server.command).toBe('/etc/om/app/node');
    expect(smokeRunOf(inOld.configuration, '/stage/app', machine).command).toBe('/stage/app/node');
  });

  it('replaces a preset rule by its pattern, or all of them', async () => {
    const own = '{ "pattern": "Server Database/Settings/directory.json", "action": "report" }';
    const some = await loadGood(`{ "product": "staff", "folder": "/x", "carryOver": { "rules": [${own}] } }`);
    expect(some.configuration.carryOver.filter(({ pattern }) => pattern.endsWith('directory.json'))).toEqual([
      JSON.parse(own),
    ]);
    expect(some.configuration.carryOver.length).toBeGreaterThan(5);
    const none = await loadGood('{ "product": "staff", "folder": "/x", "carryOver": { "preset": false } }');
    expect(none.configuration.carryOver).toEqual([]);
  });
});

describe('finding the file', () => {
  const beside = '/opt/om/om-launcher.json';
  const common = '/var/lib/om-launcher/om-launcher.json';
  const one = '/var/lib/om-launcher/OM Staff/om-launcher.json';
  const two = '/var/lib/om-launcher/OM Finance/om-launcher.json';
  it.each([
    [[beside, common, one], beside],
    [[common, one], common],
    [[one], one],
  ])('%j', async (present, expected) => {
    const texts = Object.fromEntries(present.map((path) => [path, '{}']));
    expect(await findConfiguration(filesWith(texts), machineOf())).toEqual({ ok: true, value: expected });
  });

  it.each([[[]], [[one, two]]])('is not clear with %j', async (present: string[]) => {
    const texts = Object.fromEntries(present.map((path) => [path, '{}']));
    const found = await findConfiguration(filesWith(texts), machineOf());
    expect(found).toMatchObject({ ok: false, fault: { code: 'configuration-invalid' } });
  });

  it('looks beside the executable on Windows, too', async () => {
    const path = 'C:\\OM\\om-launcher.json';
    expect(await findConfiguration(filesWith({ [path]: '{}' }, win32), machineOf('windows'))).toMatchObject({
      value: path,
    });
  });
});

describe('suggestions', () => {
  it.each([
    ['updtaes', 'updates', 1],
    ['kill', 'kill', 0],
    ['', 'abc', 3],
    ['chanel', 'channel', 1],
  ])('%s → %s: %i', (one, other, distance) => expect(editDistance(one, other)).toBe(distance));

  it('keeps quiet when nothing is near', () => expect(nearest('zzz', ['channel', 'mode'])).toBeUndefined());
});

it('every key of the schema says what it is for', () => {
  const walk = (schema: Record<string, unknown>, path: string): string[] =>
    Object.entries((schema['properties'] ?? {}) as Record<string, Record<string, unknown>>).flatMap(([key, entry]) => [
      ...(typeof entry['description'] === 'string' || entry['const'] !== undefined ? [] : [`${path}${key}`]),
      ...walk(entry, `${path}${key}.`),
    ]);
  expect(walk(configurationSchema(), '')).toEqual([]);
  expect(configurationSchema()).toMatchObject({ additionalProperties: false, required: ['folder'] });
});

it('docs/configuration.md is fresh', async () => {
  const written = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
  expect(await format(configurationDocument(), { parser: 'markdown', printWidth: 120 })).toBe(written);
});
