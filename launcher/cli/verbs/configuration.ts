import { say } from '../../texts/messages.ts';
import type { Result } from '../../../platform/result.ts';
import { type LoadedConfiguration, mistakesOf } from '../../configuration/load.ts';
import { type ConfigurationMistake, renderMistakes } from '../../configuration/mistake.ts';
import { configurationSchema } from '../../configuration/schema.ts';
import { EXIT } from '../exit-status.ts';
import type { Voice } from '../voice.ts';

export type Loading = Result<LoadedConfiguration, ConfigurationMistake[]>;

/** `config check`: every mistake, in essential parts and in others. */
export function checkConfiguration(voice: Voice, loading: Loading): number {
  const mistakes = mistakesOf(loading);
  if (mistakes.length > 0) return tellMistakes(voice, mistakes);
  voice.object({ ok: true, mistakes: [] });
  voice.verdict(say(voice.language, 'verdict.configuration-good'));
  return EXIT.done;
}

/** `config show`: as it is used; what is wrong is told beside it. */
export function showConfiguration(voice: Voice, loading: Loading): number {
  if (!loading.ok) return tellMistakes(voice, loading.fault);
  const { configuration, updatesBlocked } = loading.value;
  if (updatesBlocked.length > 0) voice.remark(renderMistakes(updatesBlocked));
  voice.object(configuration);
  voice.verdict(JSON.stringify(configuration, undefined, 2));
  return EXIT.done;
}

/** `config schema`: the same with and without `--json`. */
export function showSchema(voice: Voice): number {
  voice.object(configurationSchema());
  voice.verdict(JSON.stringify(configurationSchema(), undefined, 2));
  return EXIT.done;
}

/** All of them at once, each with its place; nothing can be done before they are corrected. */
export function tellMistakes(voice: Voice, mistakes: readonly ConfigurationMistake[]): number {
  const verdict = say(voice.language, 'verdict.configuration-mistakes', { count: mistakes.length });
  voice.remark(`${renderMistakes(mistakes)}\n${verdict}`);
  voice.object({ ok: false, error: { code: 'configuration-invalid', message: verdict }, mistakes });
  return EXIT.wrongUsage;
}
