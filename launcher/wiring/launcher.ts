import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { InstanceLock } from '../../platform/instance-lock.ts';
import type { Log } from '../../platform/log.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ProcessIdentity } from '../../platform/processes.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { removeUnfinishedWrites } from '../../platform/unfinished-writes.ts';
import { openScheduleRecords } from '../../installer/schedule/record.ts';
import { createSchedule } from '../../installer/schedule/schedule.ts';
import { STEPS } from '../../installer/update/steps.ts';
import { createUpdates, type Updates } from '../../installer/update/updates.ts';
import type { ChildLink } from '../../supervisor/child/child-link.ts';
import { createChildLink } from '../../supervisor/child/server-link.ts';
import { createServerControl, type SupervisedServer } from '../../supervisor/server.ts';
import { readCrashes } from '../../supervisor/crashes/crash-bundle.ts';
import type { Sessions } from '../../supervisor/sessions/sessions.ts';
import { createSessions } from '../../supervisor/sessions/server-sessions.ts';
import { createApplication } from '../application/application.ts';
import type { ApplicationParts } from '../application/application-parts.ts';
import type { Application } from '../api/application.ts';
import type { Configuration } from '../configuration/configuration.ts';
import type { LoadedConfiguration } from '../configuration/load.ts';
import { serverOptionsOf } from '../configuration/mapping.ts';
import { createEventFeed } from '../application/event-feed.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import { createSmtpTransport } from '../mail/smtp-transport.ts';
import { createMessenger } from '../mail/messenger.ts';
import { recordsAside } from '../application/state-warnings.ts';
import { createNoticeBoard, withNoticeBoard } from '../application/notice-board.ts';
import { withOfferMemory } from '../application/offer-memory.ts';
import { createPort, type Listening } from '../port/port.ts';
import { publishChanges, tellAlarms } from './announcements.ts';
import { closeLauncher, type Late, type LauncherParts, startLauncher } from './life.ts';
import {
  applicationIdentity,
  fallbackUrl,
  peopleOf,
  portOptionsOf,
  schedulePolicyOf,
  sessionOptionsOf,
} from './options.ts';
import { createReleaseSources } from './release-sources.ts';
import { explainFault } from '../texts/explain.ts';
import { noteText, obstacleText, serverNow } from '../texts/describe.ts';
import { tryOrder } from '../application/try-order.ts';
import { createUpdateChecks } from './update-checks.ts';
import { createUpdateTools, placesOf } from './update-tools.ts';
import type { ViewWords } from '../views/update-view.ts';

/** One launcher for one server: everything wired, nothing begun. */
export interface Launcher {
  readonly application: Application;
  readonly server: SupervisedServer;
  readonly updates: Updates;
  /** Recovers what was left, opens the port, takes the server over or starts it. Without the port it runs all the same. */
  start(): Promise<Listening | undefined>;
  /** Ends the launcher; `stop` stops the server, `leave` lets it run for the next launcher to adopt. */
  close(server: 'stop' | 'leave'): Promise<Result<void>>;
}

/** Records lie at most this deep in the state folder; below are copies of data. */
const STATE_FOLDER_DEPTH = 2;

/**
 * Wires the launcher for a configuration and takes the lock of its state folder.
 *
 * `launcher-running` when another launcher serves this state folder.
 */
export async function openLauncher(
  platform: Platform,
  loaded: LoadedConfiguration,
  log: Log,
): Promise<Result<Launcher>> {
  const { stateFolder } = loaded.configuration;
  const made = await platform.files.makeFolder(stateFolder, 0o700);
  const lock = made.ok ? await platform.locks.acquire(stateFolder) : made;
  if (!lock.ok) {
    return lock;
  }
  // Before anything of ours writes there again.
  await removeUnfinishedWrites(platform.files, stateFolder, STATE_FOLDER_DEPTH);
  return succeed(wire(platform, loaded, log, lock.value));
}

/** Answers from the state on disk while no launcher runs: nothing is locked, started or listened on. */
export interface StateReader {
  readonly application: Application;
  close(): Promise<void>;
}

/** The same wiring as a launcher's, for questions only. */
export function openReader(platform: Platform, loaded: LoadedConfiguration, log: Log): StateReader {
  const launcher = wire(platform, loaded, log, NO_LOCK);
  return {
    application: launcher.application,
    async close() {
      await launcher.close('leave');
    },
  };
}

const NO_LOCK: InstanceLock = { release: () => Promise.resolve() };

function wire(platform: Platform, loaded: LoadedConfiguration, log: Log, lock: InstanceLock): Launcher {
  const { configuration } = loaded;
  const { clock, files, machine, network } = platform;
  const now = (): number => clock.now();
  const feed = createEventFeed(now);
  const board = createNoticeBoard(now, (notice) => feed.publish({ kind: 'notice', public: true, data: notice }));
  const childLink = createChildLink(clock, randomBytes);
  const late: Late = { url: fallbackUrl(configuration), inbox: undefined, stopShortfall: undefined };
  const server = createServerControl(
    { ...platform, link: childLink, log, random: randomBytes },
    serverOptionsOf(configuration, () => late.url),
  );
  const sessions = withNoticeBoard(openSessions(platform, configuration, log, childLink, server), board);
  const outbox = openOutbox(platform, configuration, log);
  const { sources, memory } = withOfferMemory(createReleaseSources(platform, configuration, log));
  const records = openScheduleRecords({ files, log, clock }, configuration.stateFolder);
  const newId = (): string => randomBytes(8).toString('hex');
  const places = placesOf(configuration);
  const checks = createUpdateChecks({ platform, configuration, places, server, sessions, sources });
  const words = wordsOf(server);
  const messenger = createMessenger(
    { outbox, clock, log, serverState: () => server.state() },
    peopleOf(platform, configuration),
  );
  const tools = createUpdateTools({
    ...{ platform, configuration, log, server, sessions, sources },
    ...{ checks, messenger, records },
  });
  const updates = createUpdates(tools, { journalFolder: join(configuration.stateFolder, 'orders'), steps: STEPS });
  const policy = schedulePolicyOf(configuration);
  const schedule = createSchedule({ clock, log, tools, updates, records, newId }, policy);
  const application = createApplication({
    ...applicationIdentity(platform, loaded, late),
    ...leftOnDisk(platform, configuration),
    ...{ updates, tools, words, feed, board, memory, newId },
    tryOrder: async (order, signal) => tryOrder(tools, checks, words, order, signal),
    inboxOffers: () => late.inbox?.offers() ?? [],
    unattended: policy,
    ...{ restarts: () => server.restarts(), probes: () => server.probes() },
    nextCheckAt: () => schedule.nextCheckAt(),
  });
  const port = createPort(
    { application, childLink, clock, files, network, machine, log },
    portOptionsOf(configuration),
  );
  const parts: LauncherParts = {
    ...{ platform, loaded, log, server, updates, tools, port, outbox, sources, lock, late, schedule },
    ending: new AbortController(),
    tasks: [],
  };
  publishChanges(parts, feed);
  tellAlarms(parts, platform, configuration);
  return {
    application,
    server,
    updates,
    start: () => startLauncher(parts),
    close: (what) => closeLauncher(parts, what),
  };
}

/** What earlier lives of server and launcher left for people to look at. */
function leftOnDisk(
  { files }: Platform,
  { logs, stateFolder }: Configuration,
): Pick<ApplicationParts, 'asides' | 'lastCrash'> {
  return {
    asides: async () => recordsAside(files, stateFolder),
    lastCrash: async () => (await readCrashes(files, logs.folder, 1))[0],
  };
}

function openSessions(
  platform: Platform,
  configuration: Configuration,
  log: Log,
  link: ChildLink,
  server: SupervisedServer,
): Sessions {
  const runs = (): ProcessIdentity | undefined => {
    const state = server.state();
    return 'process' in state ? state.process : undefined;
  };
  const drain = (on: boolean): void => server.drain(on);
  return createSessions({ ...platform, link, log, server: runs, drain }, sessionOptionsOf(configuration));
}

/** Without a mail server mails wait on disk: one that is configured later sends them. */
function openOutbox(platform: Platform, { stateFolder, mail }: Configuration, log: Log): Outbox {
  const transport = mail === undefined ? {} : { transport: createSmtpTransport(platform, mail) };
  return createOutbox({ ...platform, log, ...transport }, { folder: join(stateFolder, 'outbox') });
}

function wordsOf(server: SupervisedServer): ViewWords {
  return {
    explain: (fault, language) => explainFault(fault, language, serverNow(server.state(), language)),
    explainCause: (fault, language) => explainFault(fault, language, ''),
    note: noteText,
    obstacle: obstacleText,
  };
}
