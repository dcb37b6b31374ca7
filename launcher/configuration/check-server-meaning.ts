import type { DocumentPath, MistakeAt } from './mistake.ts';
import { type Meaning, type MeaningCheck, needed, wrong } from './meaning-check.ts';
import { liesIn } from './places.ts';
import type { ConfigurationFile } from './schema.ts';
import { nearest } from './suggest.ts';

/** What the start of the server stands on. */
export const SERVER_CHECKS: readonly MeaningCheck[] = [
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

  ({ content }) => probeLists(content.server?.health ?? {}).flatMap(({ probes, path }) => checkProbes(probes, path)),

  (meaning) => (meaning.content.server?.handover === 'fd' ? checkHandover(meaning) : []),

  ({ content }) => [
    ...(content.server?.args ?? []).flatMap((arg, index) => checkPlaceholders(arg, ['server', 'args', index])),
    ...Object.entries(content.server?.env ?? {}).flatMap(([key, value]) =>
      checkPlaceholders(value, ['server', 'env', key]),
    ),
  ],

  ({ content }) =>
    SESSION_COMMANDS.flatMap((key) =>
      (content.server?.sessions?.[key] ?? []).flatMap((word, index) =>
        checkPlaceholders(word, ['server', 'sessions', key, index], SESSION_PLACEHOLDERS),
      ),
    ),
];

/** The system accepts connections for a server that hangs: whether it serves is for it to say. */
function checkHandover({ configuration: { server }, machine }: Meaning): MistakeAt[] {
  const path = ['server', 'handover'];
  const { probes, rounds } = server.health;
  const asked = rounds.startup.probes ?? probes;
  return [
    ...(machine.operatingSystem === 'linux'
      ? []
      : [wrong(path, '"none" on this operating system', 'fd', 'leave it out: sockets are handed over on Linux only')]),
    ...needed(server.port, ['server', 'port'], 'the port that is handed over', 'add "port" to "server"'),
    ...(asked.some(({ kind }) => kind !== 'tcp')
      ? []
      : [
          wrong(
            path,
            'a probe that the server itself answers',
            'fd',
            'add a probe of type http, cooperative or command: a socket accepts before its server does',
          ),
        ]),
  ];
}

type Health = NonNullable<NonNullable<ConfigurationFile['server']>['health']>;
type ProbeInFile = NonNullable<Health['probes']>[number];

function probeLists({ probes = [], ...health }: Health) {
  const path = ['server', 'health'];
  const own = (['startup', 'readiness', 'liveness'] as const).map((kind) => ({
    probes: health[kind]?.probes ?? [],
    path: [...path, kind, 'probes'],
  }));
  return [{ probes, path: [...path, 'probes'] }, ...own];
}

function checkProbes(probes: readonly ProbeInFile[], list: DocumentPath): MistakeAt[] {
  return probes.flatMap((probe, index) => (probe.type === 'http' ? checkHttpProbe(probe, [...list, index]) : []));
}

function checkHttpProbe(
  { url, ca, bodyPattern }: Extract<ProbeInFile, { type: 'http' }>,
  path: DocumentPath,
): MistakeAt[] {
  const complete = 'write for example "http://127.0.0.1:8080/"';
  return [
    ...(URL.canParse(url) ? [] : [wrong([...path, 'url'], 'a complete address', url, complete)]),
    ...(ca === undefined || url.startsWith('https:')
      ? []
      : [wrong([...path, 'url'], 'an https address, because of "ca"', url, 'write https://, or leave "ca" out')]),
    ...(bodyPattern === undefined || compiles(bodyPattern)
      ? []
      : [wrong([...path, 'bodyPattern'], 'a regular expression', bodyPattern, 'check brackets and backslashes')]),
  ];
}

/** Compiled as the probe will compile it. */
function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

const PLACEHOLDERS = ['bundle', 'folder', 'launcherUrl', 'tokenFile'];
const SESSION_COMMANDS = ['warnCommand', 'closeCommand'] as const;
const SESSION_PLACEHOLDERS = ['text', 'seconds', 'language', 'folder'];
/** Its name in the launcher port's notices. */
const SECONDS_LEFT = 'secondsLeft';

/** Only near misses: braces have other meanings in arguments, too. */
function checkPlaceholders(value: string, path: DocumentPath, known: readonly string[] = PLACEHOLDERS): MistakeAt[] {
  return Array.from(value.matchAll(/\{([A-Za-z]+)\}/g), (match) => match[1] ?? '').flatMap((name) => {
    const likely = name === SECONDS_LEFT && known.includes('seconds') ? 'seconds' : nearest(name, known);
    const meant = known.includes(name) ? undefined : likely;
    return meant === undefined ? [] : [wrong(path, 'a known placeholder', `{${name}}`, `write {${meant}}`)];
  });
}
