import { checkAddress } from '../mail/address.ts';
import { SCHEDULE_CHECKS } from './check-schedule-meaning.ts';
import type { DocumentPath, MistakeAt } from './mistake.ts';
import { type MeaningCheck, wrong } from './meaning-check.ts';
import { liesIn, pathsOf } from './places.ts';

/** Updates, data, the launcher port and mail. */
export const UPDATES_CHECKS: readonly MeaningCheck[] = [
  ...SCHEDULE_CHECKS,

  ({ content: { updates } }) => [
    ...(updates?.repository === undefined ? [] : checkPlace(updates.repository, ['updates', 'repository'])),
    ...(updates?.mirrors ?? []).flatMap((mirror, index) => checkPlace(mirror, ['updates', 'mirrors', index])),
  ],

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

function checkPlace(place: string, path: DocumentPath): MistakeAt[] {
  if (!/^[a-z]+:\/\//i.test(place)) return [];
  if (!URL.canParse(place)) return [wrong(path, 'a complete address', place, 'write for example "https://host/path/"')];
  const url = new URL(place);
  if (url.username !== '' || url.password !== '') {
    return [wrong(path, 'an address without user and password', place, 'remove what stands before the @')];
  }
  return ['http:', 'https:'].includes(url.protocol)
    ? []
    : [wrong(path, 'an http or https address, or a folder', place, 'write https:// or the path of a folder')];
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
