import type { Language } from '../../supervisor/sessions/sessions.ts';
import { PROBE_KINDS } from '../../supervisor/probes/probe-lists.ts';
import type { ProbeView } from '../api/schemas.ts';
import { formatTime } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import type { Style } from './style.ts';

/** Which probe, what for (by the words of the configuration), how it goes since when, and why it fails. Pure. */
export function probeLine(probe: ProbeView, language: Language, style: Style): string {
  const { name, kinds, passed, inARow: count, since, latencyMs, detail } = probe;
  const time = formatTime(Date.parse(since), language);
  const result = say(language, passed ? 'cli.probe-passed' : 'cli.probe-failed', { count, time });
  return [
    `${passed ? style.good('✓') : style.bad('✗')} ${name}`,
    // That it is asked for everything is the usual case, and no news.
    ...(kinds.length === PROBE_KINDS.length ? [] : [kinds.join(', ')]),
    result,
    ...(passed ? [`${latencyMs} ms`] : []),
    ...(detail === undefined ? [] : [detail]),
  ].join(' · ');
}
