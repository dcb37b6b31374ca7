import { orderOf } from '../../installer/update/journal-entry.ts';
import type { Platform } from '../../platform/platform.ts';
import type { EventFeed } from '../application/event-feed.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { isAlarm, mailAlarm } from '../mail/alarm-mail.ts';
import { serverNow } from '../texts/describe.ts';
import type { LauncherParts } from './life.ts';
import { peopleOf } from './options.ts';

/** One mail when the server does not stay up, one when it does again; what is queued is on disk before the launcher ends. */
export function tellAlarms(
  { server, outbox, log, tasks }: LauncherParts,
  platform: Platform,
  configuration: Configuration,
): void {
  const people = peopleOf(platform, configuration);
  server.subscribe((event) => {
    if (!isAlarm(event)) return;
    tasks.push(mailAlarm({ outbox, log }, people, event, serverNow(server.state(), people.language)));
  });
}

/** What happens to the server and to orders, for whoever follows the port's events. */
export function publishChanges({ server, updates }: LauncherParts, feed: EventFeed): void {
  server.subscribe((event) => feed.publish({ kind: 'server', public: false, data: event }));
  updates.subscribe(({ journal, note }) =>
    feed.publish({
      kind: 'update',
      public: false,
      data: { id: orderOf(journal).id, last: journal.at(-1), ...(note === undefined ? {} : { note }) },
    }),
  );
}
