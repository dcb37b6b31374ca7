import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { CrashView } from '../api/schemas.ts';
import { formatTime } from '../texts/format.ts';
import { say } from '../texts/messages.ts';

/** When, how, which kind and how often, and where all of it is. Pure. */
export function crashLine(crash: CrashView, language: Language): string {
  const { at, exitStatus, exitSignal, fingerprint, count, bundle } = crash;
  const how =
    exitStatus !== undefined
      ? [say(language, 'cli.exit-status', { code: exitStatus })]
      : exitSignal !== undefined
        ? [say(language, 'cli.exit-signal', { signal: exitSignal })]
        : [];
  return [formatTime(Date.parse(at), language), ...how, `${fingerprint} ×${count}`, bundle].join(' · ');
}
