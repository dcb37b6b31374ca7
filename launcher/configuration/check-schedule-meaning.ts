import { lengthOf } from '../../installer/schedule/windows.ts';
import { zoneClock } from '../../installer/schedule/zone-clock.ts';
import type { DocumentPath, MistakeAt } from './mistake.ts';
import { type MeaningCheck, needed, wrong } from './meaning-check.ts';

/** A repository on the network is not asked more often than this, whatever the file says. */
const QUICKEST_SECONDS = 300;
const SECTION: DocumentPath = ['updates', 'schedule'];

/** What the launcher does by itself. */
export const SCHEDULE_CHECKS: readonly MeaningCheck[] = [
  ({ content, configuration: { updates } }) =>
    updates.mode === 'auto' && updates.windows.windows.length === 0
      ? needed(
          undefined,
          ['updates', 'mode'],
          'a maintenance window for "auto"',
          'add "schedule": {"windows": [{"from": "22:00", "to": "04:00"}]}',
        )
      : updates.mode === 'manual'
        ? []
        : needed(content.updates?.repository, ['updates', 'mode'], 'a repository', 'add "repository"'),

  ({ configuration: { updates } }) => {
    const { zone } = updates.windows;
    return zone === undefined || isZone(zone)
      ? []
      : [wrong([...SECTION, 'zone'], 'the name of a time zone', zone, 'write for example "Europe/Zurich"')];
  },

  ({ configuration: { updates } }) =>
    updates.windows.windows.flatMap((window, index): MistakeAt[] =>
      lengthOf(window) > updates.delaySeconds * 1000
        ? []
        : [
            wrong(
              [...SECTION, 'windows', index, 'to'],
              'a window longer than updates.delaySeconds',
              window.to,
              'let it close later',
            ),
          ],
    ),

  ({ configuration: { updates } }) => {
    const everySeconds = updates.checkEveryMs / 1000;
    return updates.repository?.kind === 'web' && everySeconds < QUICKEST_SECONDS
      ? [wrong([...SECTION, 'checkSeconds'], `at least ${QUICKEST_SECONDS}`, everySeconds, 'ask less often')]
      : [];
  },
];

function isZone(name: string): boolean {
  try {
    zoneClock(name);
    return true;
  } catch {
    return false;
  }
}
