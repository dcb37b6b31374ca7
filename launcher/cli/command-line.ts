import { resolve } from 'node:path';
import type { OwnProcess } from '../../platform/own-process.ts';
import type { Platform } from '../../platform/platform.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { type Language, LANGUAGES } from '../../supervisor/sessions/sessions.ts';
import { findConfiguration } from '../configuration/find.ts';
import { loadConfiguration } from '../configuration/load.ts';
import { LAUNCHER_VERSION } from '../version.ts';
import type { VerbContext } from './context.ts';
import { EXIT } from './exit-status.ts';
import { parseCommandLine } from './parse.ts';
import type { GlobalOptions, Request } from './request.ts';
import { ACTS } from './verbs.ts';
import { showSchema, tellMistakes } from './verbs/configuration.ts';
import { createVoice, type Voice } from './voice.ts';

/** Runs `om-launcher` with the process's arguments; resolves to the exit status. */
export async function runCommandLine(platform: Platform, own: OwnProcess): Promise<number> {
  const parsed = parseCommandLine(own.args, {
    output: own,
    launcherVersion: LAUNCHER_VERSION,
    now: () => platform.clock.now(),
  });
  if (parsed.kind === 'over') return parsed.status === 'shown' ? EXIT.done : EXIT.wrongUsage;
  const { request, globals } = parsed;
  const speak = (language: Language): Voice =>
    createVoice({ own, machine: platform.machine, clock: platform.clock }, globals, language);
  const early = speak(globals.language ?? systemLanguage(platform));
  if (request.verb === 'config schema') return showSchema(early);
  const file = await configurationFile(platform, own, globals);
  if (!file.ok) return early.fault(file.fault);
  const loading = await loadConfiguration(platform.files, platform.machine, file.value);
  if (!loading.ok) return tellMistakes(early, loading.fault);
  const voice = speak(globals.language ?? loading.value.configuration.language);
  return act({ platform, own, voice, loaded: loading.value }, request);
}

async function configurationFile(
  platform: Platform,
  own: OwnProcess,
  { config }: GlobalOptions,
): Promise<Result<string>> {
  return config === undefined
    ? findConfiguration(platform.files, platform.machine)
    : succeed(resolve(own.workingDirectory, config));
}

/** The table's type says that each act takes the request of its own verb; the compiler cannot follow it through a lookup. */
async function act(context: VerbContext, request: Request): Promise<number> {
  const perform = ACTS[request.verb] as (context: VerbContext, request: Request) => Promise<number> | number;
  return perform(context, request);
}

/** Before the configuration is known: the account's locale (POSIX: LC_ALL rules, then LC_MESSAGES, then LANG). */
function systemLanguage({ machine: { environment } }: Platform): Language {
  const locale = environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? '';
  return LANGUAGES.find((language) => locale.toLowerCase().startsWith(language)) ?? 'en';
}
