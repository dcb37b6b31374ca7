import type { Machine } from '../../platform/machine.ts';
import { checkAddress } from '../mail/address.ts';
import { show } from './check-shape.ts';
import type { Configuration } from './configuration.ts';
import type { DocumentPath, MistakeAt } from './mistake.ts';
import { liesIn, pathsOf } from './places.ts';
import type { ConfigurationFile } from './schema.ts';
import { nearest } from './suggest.ts';

/** What a check may look at: the file as written, and what it means. */
interface Meaning {
  readonly content: ConfigurationFile;
  readonly configuration: Configuration;
  readonly machine: Machine;
}

type MeaningCheck = (meaning: Meaning) => readonly MistakeAt[];

/** Values that are well-formed each, but impossible or dangerous together. */
export function checkMeaning(meaning: Meaning): MistakeAt[] {
  return CHECKS.flatMap((check) => check(meaning));
}

const CHECKS: readonly MeaningCheck[] = [
  ({ content }) => [
    ...needed(
      content.product ?? content.bundle,
      ['bundle'],
      'the bundle’s folder, or a "product"',
      'add "bundle" or "product"',
    ),
    ...needed(
      content.product ?? content.server?.command,
      ['server', 'command'],
      'the program to run, or a "product"',
      'add "command" to "server"',
    ),
  ],

  ({ configuration: { bundle, folder }, content, machine }) =>
    (content.product ?? content.bundle) === undefined || (bundle !== folder && liesIn(machine, bundle, folder))
      ? []
      : [
          wrong(
            ['bundle'],
            `a folder inside "folder" (${folder})`,
            bundle,
            'put the bundle into the Office Maker folder',
          ),
        ],

  ({ configuration: { bundle, stateFolder }, content, machine }) =>
    content.bundle === undefined || !liesIn(machine, stateFolder, bundle)
      ? []
      : [wrong(['stateFolder'], 'a folder outside the bundle', stateFolder, 'the bundle is replaced by updates')],

  ({ configuration: { name }, content }) =>
    content.name !== undefined || /^[^\\/:*?"<>|.\s][^\\/:*?"<>|]{0,63}$/.test(name)
      ? []
      : [{ path: ['name'], at: 'key', expected: 'a name for this server', found: 'nothing', suggestion: 'add "name"' }],

  ({ configuration: { server } }) =>
    server.start.limitMs <= server.start.hardLimitMs
      ? []
      : [
          wrong(
            ['server', 'start', 'hardLimitSeconds'],
            'at least limitSeconds',
            server.start.hardLimitMs / 1000,
            `write ${server.start.limitMs / 1000} or more`,
          ),
        ],

  ({ configuration: { server } }) =>
    server.restart.firstDelayMs <= server.restart.maximumDelayMs
      ? []
      : [
          wrong(
            ['server', 'restart', 'maximumDelaySeconds'],
            'at least firstDelaySeconds',
            server.restart.maximumDelayMs / 1000,
            `write ${server.restart.firstDelayMs / 1000} or more`,
          ),
        ],

  ({ configuration: { server } }) => {
    const { everyMs, passes, watchMs } = server.health;
    const shortest = (everyMs * passes) / 1000;
    return watchMs / 1000 >= shortest
      ? []
      : [
          wrong(
            ['server', 'health', 'watchSeconds'],
            `at least everySeconds × passes = ${shortest}`,
            watchMs / 1000,
            `write ${shortest} or more`,
          ),
        ];
  },

  ({ content }) =>
    (content.server?.health?.probes ?? []).flatMap((probe, index) => {
      const path: DocumentPath = ['server', 'health', 'probes', index];
      if (probe.type !== 'http') return [];
      return [
        ...(URL.canParse(probe.url)
          ? []
          : [wrong([...path, 'url'], 'a complete address', probe.url, 'write for example "http://127.0.0.1:8080/"')]),
        ...(probe.bodyPattern === undefined || compiles(probe.bodyPattern)
          ? []
          : [
              wrong(
                [...path, 'bodyPattern'],
                'a regular expression',
                probe.bodyPattern,
                'check brackets and backslashes',
              ),
            ]),
      ];
    }),

  ({ content }) => [
    ...(content.server?.args ?? []).flatMap((arg, index) => checkPlaceholders(arg, ['server', 'args', index])),
    ...Object.entries(content.server?.env ?? {}).flatMap(([key, value]) =>
      checkPlaceholders(value, ['server', 'env', key]),
    ),
  ],

  ({ content }) => {
    const repository = content.updates?.repository;
    if (repository === undefined || !/^[a-z]+:\/\//i.test(repository)) return [];
    const path: DocumentPath = ['updates', 'repository'];
    if (!URL.canParse(repository))
      return [wrong(path, 'a complete address', repository, 'write for example "https://host/path/"')];
    const url = new URL(repository);
    if (url.username !== '' || url.password !== '') {
      return [wrong(path, 'an address without user and password', repository, 'remove what stands before the @')];
    }
    return ['http:', 'https:'].includes(url.protocol)
      ? []
      : [wrong(path, 'an http or https address, or a folder', repository, 'write https:// or the path of a folder')];
  },

  ({ content }) =>
    (content.updates?.schedule ?? []).flatMap((window, index) =>
      window.from === window.to
        ? [
            wrong(
              ['updates', 'schedule', index, 'to'],
              'another time than "from"',
              window.to,
              'remove the window to be open always',
            ),
          ]
        : [],
    ),

  ({ content }) => {
    const proxy = content.updates?.proxy;
    return proxy === undefined || typeof proxy === 'string' ? [] : checkLogin(proxy, ['updates', 'proxy']);
  },

  ({ configuration, machine }) =>
    configuration.data.paths.flatMap((path, index) =>
      liesIn(machine, path, configuration.bundle) || liesIn(machine, configuration.bundle, path)
        ? [
            wrong(
              ['data', 'paths', index],
              'data outside the bundle',
              path,
              'move the data out of the bundle, which updates replace',
            ),
          ]
        : [],
    ),

  ({ configuration: { bundle, data }, machine }) => {
    const place = [bundle, ...data.paths].find((one) => liesIn(machine, data.backup.folder, one));
    return place === undefined
      ? []
      : [
          wrong(
            ['data', 'backup', 'folder'],
            `a folder outside ${place}`,
            data.backup.folder,
            'choose a folder beside it',
          ),
        ];
  },

  ({ configuration: { port, server }, content }) => {
    const path: DocumentPath = ['port', 'listen'];
    if (port.port < 1 || port.port > 65_535) {
      return [
        {
          ...wrong(
            path,
            'a port from 1 to 65535',
            content.port?.listen ?? port.port,
            'write for example "127.0.0.1:19820"',
          ),
          at: 'value',
        },
      ];
    }
    const taken = [server.port, server.sessions.port].includes(port.port);
    return taken
      ? [
          wrong(
            path,
            'another port than the server’s',
            content.port?.listen ?? port.port,
            `write ${port.port + 7}, for example`,
          ),
        ]
      : [];
  },

  ({ configuration: { mail }, content }) => {
    if (mail === undefined || content.mail === undefined) return [];
    const { smtp } = content.mail;
    const bare = smtp.secure === 'none' && smtp.user !== undefined && !isLoopback(smtp.host);
    return [
      ...checkLogin(smtp, ['mail', 'smtp']),
      ...(bare
        ? [
            wrong(
              ['mail', 'smtp', 'secure'],
              '"starttls" or "tls" where a password is sent',
              'none',
              'write "starttls"',
            ),
          ]
        : []),
      ...[
        { path: ['mail', 'from'], address: mail.from },
        ...mail.to.map((address, index) => ({ path: ['mail', 'to', index], address })),
      ]
        .filter(({ address }) => !checkAddress(address).ok)
        .map(({ path, address }) =>
          wrong(path, 'one e-mail address', address, 'write name@host, without a display name'),
        ),
    ];
  },

  ({ content, machine }) => {
    const key = content.port?.tls?.key;
    return key !== undefined && key === content.port?.tls?.cert && pathsOf(machine).basename(key) !== ''
      ? [wrong(['port', 'tls', 'cert'], 'another file than the key', key, 'give the certificate’s file')]
      : [];
  },
];

function needed(value: unknown, path: DocumentPath, expected: string, suggestion: string): MistakeAt[] {
  return value === undefined ? [{ path, at: 'key', expected, found: 'nothing', suggestion }] : [];
}

function wrong(path: DocumentPath, expected: string, found: unknown, suggestion: string): MistakeAt {
  return { path, at: 'value', expected, found: show(found), suggestion };
}

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

const PLACEHOLDERS = ['bundle', 'folder', 'launcherUrl', 'tokenFile'];

/** Only near misses: braces have other meanings in arguments, too. */
function checkPlaceholders(value: string, path: DocumentPath): MistakeAt[] {
  return Array.from(value.matchAll(/\{([A-Za-z]+)\}/g), (match) => match[1] ?? '').flatMap((name) => {
    const meant = PLACEHOLDERS.includes(name) ? undefined : nearest(name, PLACEHOLDERS);
    return meant === undefined ? [] : [wrong(path, 'a known placeholder', `{${name}}`, `write {${meant}}`)];
  });
}

function checkLogin(
  login: { readonly user?: string; readonly passwordFile?: string; readonly passwordEnv?: string },
  path: DocumentPath,
): MistakeAt[] {
  const { user, passwordFile, passwordEnv } = login;
  if (passwordFile !== undefined && passwordEnv !== undefined) {
    return [
      {
        path: [...path, 'passwordEnv'],
        at: 'key',
        expected: 'one place of the password',
        found: '"passwordFile" as well',
        suggestion: 'keep one of the two',
      },
    ];
  }
  const password = passwordFile ?? passwordEnv;
  if (user !== undefined && password === undefined) {
    return [
      {
        path: [...path, 'user'],
        at: 'key',
        expected: 'a place of the password',
        found: 'a user alone',
        suggestion: 'add "passwordFile": "path" or "passwordEnv": "NAME"',
      },
    ];
  }
  return user === undefined && password !== undefined
    ? [{ path, at: 'key', expected: 'a user for the password', found: 'a password alone', suggestion: 'add "user"' }]
    : [];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
