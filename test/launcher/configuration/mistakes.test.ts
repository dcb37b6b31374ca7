import { describe, expect, it } from 'vitest';
import { mistakesOf } from '../../../launcher/configuration/load.ts';
import { renderMistakes } from '../../../launcher/configuration/mistake.ts';
import { load } from './example.ts';

/** A good file, one line a key, so that a mistake has a line to be found in: `extra` begins in line 4. */
const withLines = (...extra: string[]) =>
  ['{', '"product": "business",', '"folder": "/srv/om",', ...extra, '}'].join('\n');

interface Case {
  readonly what: string;
  readonly text: string;
  readonly line: number;
  readonly path: string;
  readonly expected: RegExp;
  readonly suggestion?: RegExp;
  readonly prevents?: boolean;
}

const CASES: readonly Case[] = [
  {
    what: 'unknown key at the top',
    text: withLines('"updtaes": {}'),
    line: 4,
    path: 'updtaes',
    expected: /known key/,
    suggestion: /"updates"/,
  },
  {
    what: 'misspelt essential key',
    text: withLines('"stateFoldr": "/x"'),
    line: 4,
    path: 'stateFoldr',
    expected: /known key/,
    suggestion: /"stateFolder"/,
    prevents: true,
  },
  {
    what: 'unknown key below',
    text: withLines('"updates": {', '  "chanel": "beta"', '}'),
    line: 5,
    path: 'updates.chanel',
    expected: /known key/,
    suggestion: /"channel"/,
  },
  {
    what: 'wrong word',
    text: withLines('"server": { "stop": {', '"kill": "nevr" } }'),
    line: 5,
    path: 'server.stop.kill',
    expected: /one of "last-resort", "never"/,
    suggestion: /"never"/,
    prevents: true,
  },
  {
    what: 'authorities for a page without a certificate, in a list of its own',
    text: withLines(
      '"server": { "health": { "liveness": { "probes": [{ "type": "http", "ca": "own.pem",',
      '"url": "http://127.0.0.1/" }] } } }',
    ),
    line: 5,
    path: 'server.health.liveness.probes[0].url',
    expected: /https/,
    suggestion: /"ca"/,
    prevents: true,
  },
  {
    what: 'a pattern that only an older dialect understands',
    text: withLines(
      '"server": { "health": { "probes": [{ "type": "http", "url": "http://127.0.0.1/",',
      '"bodyPattern": "ok\\\\-1" }] } }',
    ),
    line: 5,
    path: 'server.health.probes[0].bodyPattern',
    expected: /regular expression/,
    prevents: true,
  },
  {
    what: 'a socket for a server of which nobody could tell whether it serves',
    text: withLines('"server": {', '"handover": "fd" }'),
    line: 5,
    path: 'server.handover',
    expected: /a probe that the server itself answers/,
    suggestion: /http, cooperative or command/,
    prevents: true,
  },
  {
    what: 'number in quotes',
    text: withLines('"updates": { "delaySeconds":', '"90" }'),
    line: 5,
    path: 'updates.delaySeconds',
    expected: /number from 0 to 86400/,
    suggestion: /write 90 without quotes/,
  },
  {
    what: 'number in quotes beside words',
    text: withLines('"updates": { "keepOldDays": "7" }'),
    line: 4,
    path: 'updates.keepOldDays',
    expected: /until-next-update.*whole number/,
    suggestion: /write 7 without quotes/,
  },
  {
    what: 'out of range',
    text: withLines('"updates": { "delaySeconds": -5 }'),
    line: 4,
    path: 'updates.delaySeconds',
    expected: /from 0/,
    suggestion: /write 0 or more/,
  },
  {
    what: 'text for a list',
    text: withLines('"server": { "args": "--headless" }'),
    line: 4,
    path: 'server.args',
    expected: /list/,
    suggestion: /write \["--headless"\]/,
    prevents: true,
  },
  {
    what: 'null',
    text: withLines('"language": null'),
    line: 4,
    path: 'language',
    expected: /"en"/,
    suggestion: /remove the key/,
  },
  {
    what: 'inline secret',
    text: withLines('"mail": { "smtp": { "host": "h", "user": "u",', '"password": "geheim-1" }, "from": "a@b.ch" }'),
    line: 5,
    path: 'mail.smtp.password',
    expected: /no secret/,
    suggestion: /"passwordFile"/,
  },
  {
    what: 'secret in an address',
    text: withLines('"updates": { "repository": "https://me:geheim-1@host/" }'),
    line: 4,
    path: 'updates.repository',
    expected: /without user and password/,
    suggestion: /before the @/,
  },
  {
    what: 'user without password',
    text: withLines('"updates": { "proxy": { "url": "http://proxy:3128",', '"user": "me" } }'),
    line: 5,
    path: 'updates.proxy.user',
    expected: /place of the password/,
    suggestion: /passwordFile/,
  },
  {
    what: 'unknown probe',
    text: withLines('"server": { "health": { "probes": [ { "type":', '"htpp", "url": "x" } ] } }'),
    line: 5,
    path: 'server.health.probes[0].type',
    expected: /"tcp", "http"/,
    suggestion: /"http"/,
    prevents: true,
  },
  {
    what: 'missing key in a group',
    text: withLines('"server": { "health": { "probes": [', '{ "type": "tcp" } ] } }'),
    line: 5,
    path: 'server.health.probes[0].port',
    expected: /whole number from 1 to 65535/,
    suggestion: /add "port"/,
    prevents: true,
  },
  {
    what: 'bundle outside folder',
    text: withLines('"bundle": "../elsewhere"'),
    line: 4,
    path: 'bundle',
    expected: /inside "folder"/,
    suggestion: /Office Maker folder/,
    prevents: true,
  },
  {
    what: 'state in the bundle',
    text: withLines('"bundle": "b",', '"stateFolder": "/srv/om/b/state"'),
    line: 5,
    path: 'stateFolder',
    expected: /outside the bundle/,
    prevents: true,
  },
  {
    what: 'the server’s own port',
    text: withLines('"port": { "listen": "127.0.0.1:19813" }'),
    line: 4,
    path: 'port.listen',
    expected: /another port/,
    suggestion: /19820/,
  },
  {
    what: 'impossible port',
    text: withLines('"port": { "listen": "127.0.0.1:99999" }'),
    line: 4,
    path: 'port.listen',
    expected: /1 to 65535/,
  },
  {
    what: 'watch shorter than its rounds',
    text: withLines('"server": { "health": {', '"watchSeconds": 5 } }'),
    line: 5,
    path: 'server.health.watchSeconds',
    expected: /everySeconds × passes = 12/,
    suggestion: /write 12 or more/,
  },
  {
    what: 'data in the bundle',
    text: withLines('"data": { "paths": ["/data/a.4DD",', '"/srv/om/OM Business/x.4DD"] }'),
    line: 5,
    path: 'data.paths[1]',
    expected: /outside the bundle/,
  },
  {
    what: 'wrong address of mail',
    text: withLines('"mail": { "smtp": { "host": "h" }, "from": "a@b.ch",', '"to": ["Me <me@b.ch>"] }'),
    line: 5,
    path: 'mail.to[0]',
    expected: /one e-mail address/,
  },
  {
    what: 'password in clear',
    text: withLines(
      '"mail": { "from": "a@b.ch", "smtp": { "host": "h", "user": "u", "passwordEnv": "P",',
      '"secure": "none" } }',
    ),
    line: 5,
    path: 'mail.smtp.secure',
    expected: /starttls/,
  },
  {
    what: 'nobody there and no window',
    text: withLines('"updates": { "repository": "/srv/om",', '"mode": "auto" }'),
    line: 5,
    path: 'updates.mode',
    expected: /a maintenance window/,
    suggestion: /"22:00"/,
  },
  {
    what: 'prepared from nowhere',
    text: withLines('"updates": {', '"mode": "stage" }'),
    line: 5,
    path: 'updates.mode',
    expected: /a repository/,
  },
  {
    what: 'a window in which nobody has time to leave',
    text: withLines('"updates": { "schedule": { "windows": [{ "from": "22:00",', '"to": "22:01" }] } }'),
    line: 5,
    path: 'updates.schedule.windows[0].to',
    expected: /longer than updates.delaySeconds/,
  },
  {
    what: 'a zone that is none',
    text: withLines('"updates": { "schedule": {', '"zone": "Europe/Zuerich" } }'),
    line: 5,
    path: 'updates.schedule.zone',
    expected: /time zone/,
    suggestion: /Europe\/Zurich/,
  },
  {
    what: 'hammering the repository',
    text: withLines('"updates": { "repository": "https://h/r", "schedule": {', '"checkSeconds": 10 } }'),
    line: 5,
    path: 'updates.schedule.checkSeconds',
    expected: /at least 300/,
  },
  {
    what: 'misspelt placeholder',
    text: withLines('"server": { "args": ["-x",', '"{bundel}/a"] }'),
    line: 5,
    path: 'server.args[1]',
    expected: /placeholder/,
    suggestion: /\{bundle\}/,
    prevents: true,
  },
  {
    what: 'placeholder of another name in a notice',
    text: withLines('"server": { "sessions": { "warnCommand": ["notify", "{text}",', '"{secondsLeft}"] } }'),
    line: 5,
    path: 'server.sessions.warnCommand[2]',
    expected: /placeholder/,
    suggestion: /\{seconds\}/,
  },
  {
    what: 'key given twice',
    text: withLines('"language": "fr",', '"language": "de"'),
    line: 5,
    path: 'language',
    expected: /once/,
    prevents: true,
  },
  {
    what: 'fleet',
    text: withLines('"fleet": {}'),
    line: 4,
    path: 'fleet',
    expected: /known key/,
    suggestion: /not configured here/,
  },
  {
    what: 'missing folder',
    text: '{\n"product": "staff"\n}',
    line: 1,
    path: 'folder',
    expected: /text/,
    suggestion: /add "folder"/,
    prevents: true,
  },
  {
    what: 'neither product nor command',
    text: '{\n"folder": "/srv",\n"bundle": "b",\n"server": {}\n}',
    line: 4,
    path: 'server.command',
    expected: /program/,
    suggestion: /"command"/,
    prevents: true,
  },
  {
    what: 'missing comma',
    text: '{\n"product": "staff"\n"folder": "/srv"\n}',
    line: 3,
    path: '',
    expected: /comma/,
    suggestion: /comma/,
    prevents: true,
  },
  {
    what: 'backslash in a path',
    text: '{\n"product": "staff",\n"folder": "C:\\OM"\n}',
    line: 3,
    path: '',
    expected: /escape/,
    suggestion: /use \/ in paths/,
    prevents: true,
  },
  { what: 'empty file', text: '', line: 1, path: '', expected: /value/, prevents: true },
  { what: 'a list instead of a group', text: '[]', line: 1, path: '', expected: /group/, prevents: true },
];

describe('mistakes in the configuration', () => {
  it.each(CASES)('$what', async ({ text, line, path, expected, suggestion, prevents = false }) => {
    const loaded = await load(text);
    const found = mistakesOf(loaded).filter((mistake) => mistake.path === path);
    expect(found, JSON.stringify(mistakesOf(loaded))).toHaveLength(1);
    expect(found[0]).toMatchObject({ file: '/etc/om/om-launcher.json', line, path });
    expect(found[0]?.expected).toMatch(expected);
    if (suggestion !== undefined) expect(found[0]?.suggestion).toMatch(suggestion);
    expect(loaded.ok).toBe(!prevents);
    expect(JSON.stringify(mistakesOf(loaded))).not.toContain('geheim-1');
  });

  it('tells all of them at once, in the order of the file', async () => {
    const loaded = await load(
      '{\n  "product": "busines",\n  "folder": "/srv/om",\n  "server": {\n    "port": "19813",\n    "stop": { "kil": "never" }\n  },\n  "updates": { "delaySeconds": "90" },\n  "mail": { "from": "a@b" },\n}',
    );
    expect(loaded.ok).toBe(false);
    expect(mistakesOf(loaded).map(({ line, path }) => `${line} ${path}`)).toEqual([
      '2 product',
      '5 server.port',
      '6 server.stop.kil',
      '8 updates.delaySeconds',
      '9 mail.smtp',
    ]);
  });

  it('tells meaning beside shape', async () => {
    const loaded = await load(withLines('"languag": "fr",', '"data": { "paths": ["/srv/om/OM Business/x"] }'));
    expect(mistakesOf(loaded).map(({ path }) => path)).toEqual(['languag', 'data.paths[0]']);
  });

  it('puts columns where an editor puts them, also behind a byte order mark and with Windows line ends', async () => {
    const loaded = await load('\uFEFF{\r\n  "product": "business", "folder": "/srv",\r\n  "language": "es"\r\n}');
    expect(mistakesOf(loaded)[0]).toMatchObject({ line: 3, column: 15, path: 'language', found: '"es"' });
  });

  it('starts the server in spite of a mistake elsewhere: that section holds its defaults, the others stay', async () => {
    const loaded = await load(
      withLines('"updates": { "channel": "beta", "keepOldDays": "allways" },', '"language": "it"'),
    );
    if (!loaded.ok) throw new Error('must load');
    expect(loaded.value.updatesBlocked).toHaveLength(1);
    expect(loaded.value.configuration.updates).toMatchObject({ keepOld: { kind: 'days', days: 7 }, channel: 'stable' });
    expect(loaded.value.configuration.language).toBe('it');
  });

  it('names an absent file', async () => {
    const loaded = await load('{}');
    expect(loaded.ok).toBe(false);
    const { loadConfiguration } = await import('../../../launcher/configuration/load.ts');
    const { filesWith, machineOf } = await import('./example.ts');
    const absent = await loadConfiguration(filesWith({}), machineOf(), '/nowhere.json');
    expect(mistakesOf(absent)[0]).toMatchObject({ file: '/nowhere.json', found: 'no such file' });
  });

  it('renders them aligned', async () => {
    const loaded = await load(withLines('"server": { "stop": { "kill": "nevr" } }'));
    expect(renderMistakes(mistakesOf(loaded))).toBe(
      [
        '/etc/om/om-launcher.json:4:31  server.stop.kill',
        '    expected    one of "last-resort", "never"',
        '    found       "nevr"',
        '    suggestion  write "never"',
        '',
      ].join('\n'),
    );
  });
});
