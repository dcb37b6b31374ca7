import type { DocumentPath, MistakeAt } from './mistake.ts';
import { type MeaningCheck, needed, wrong } from './meaning-check.ts';
import { liesIn } from './places.ts';
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

  ({ content }) =>
    SESSION_COMMANDS.flatMap((key) =>
      (content.server?.sessions?.[key] ?? []).flatMap((word, index) =>
        checkPlaceholders(word, ['server', 'sessions', key, index], SESSION_PLACEHOLDERS),
      ),
    ),
];

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
