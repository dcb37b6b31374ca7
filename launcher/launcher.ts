import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../platform/fault.ts';
import type { InstanceLock } from '../platform/instance-lock.ts';
import type { Log } from '../platform/log.ts';
import type { Platform } from '../platform/platform.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { removeUnfinishedWrites } from '../platform/unfinished-writes.ts';
import { orderOf } from '../installer/update/journal-entry.ts';
import { STEPS } from '../installer/update/steps.ts';
import { recordLiveRelease } from '../installer/update/live-release.ts';
import type { UpdateTools } from '../installer/update/tools.ts';
import { createUpdates, type Updates } from '../installer/update/updates.ts';
import type { ChildLink } from '../supervisor/child/child-link.ts';
import { createChildLink } from '../supervisor/child/server-link.ts';
import { createServerControl, type SupervisedServer } from '../supervisor/server.ts';
import type { Sessions } from '../supervisor/sessions/sessions.ts';
import { createSessions } from '../supervisor/sessions/server-sessions.ts';
import type { ApplicationParts } from './application-parts.ts';
import { createApplication } from './application.ts';
import type { Application } from './api/application.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { LoadedConfiguration } from './configuration/load.ts';
import { faultOfMistakes } from './configuration/load.ts';
import { serverOptionsOf } from './configuration/mapping.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { createOutbox, type Outbox } from './mail/outbox.ts';
import { createSmtpTransport } from './mail/smtp-transport.ts';
import { createMessenger, type MessengerOptions } from './mail/messenger.ts';
import { createNoticeBoard, withNoticeBoard } from './notice-board.ts';
import { createPort, type Listening, type Port, type PortOptions } from './port/port.ts';
import { createReleaseSources, type ReleaseSources } from './release-sources.ts';
import { explainFault } from './texts/explain.ts';
import { noteText, serverNow } from './texts/describe.ts';
import { tryOrder } from './try-order.ts';
import { createUpdateChecks } from './update-checks.ts';
import { createUpdateTools, placesOf } from './update-tools.ts';
import { LAUNCHER_VERSION } from './version.ts';
import type { ViewWords } from './views/update-view.ts';

/** One launcher for one server: everything wired, nothing begun. */
export interface Launcher {
  readonly application: Application;
  readonly server: SupervisedServer;
  readonly updates: Updates;
  /** Recovers what was left, takes the server over or starts it, opens the port. */
  start(): Promise<Result<Listening>>;
  /** Ends the launcher; `stop` stops the server, `leave` lets it run for the next launcher to adopt. */
  close(server: 'stop' | 'leave'): Promise<Result<void>>;
}

const COMMAND_LIMIT_MS = 30_000;
const CLOSE_LIMIT_MS = 15_000;
/** Kept releases are looked at this often. */
const TIDY_EVERY_MS = 3_600_000;
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

/** What lives as long as the launcher. */
interface Parts {
  readonly platform: Platform;
  readonly loaded: LoadedConfiguration;
  readonly log: Log;
  readonly server: SupervisedServer;
  readonly updates: Updates;
  readonly tools: UpdateTools;
  readonly port: Port;
  readonly outbox: Outbox;
  readonly sources: ReleaseSources;
  readonly lock: InstanceLock;
  readonly late: Late;
  readonly ending: AbortController;
  readonly tasks: Promise<unknown>[];
}

/** What is known only once the launcher runs. */
interface Late {
  /** Where the port listens. */
  url: string;
  inbox: Inbox | undefined;
}

function wire(platform: Platform, loaded: LoadedConfiguration, log: Log, lock: InstanceLock): Launcher {
  const { configuration } = loaded;
  const { clock, files, machine, network } = platform;
  const now = (): number => clock.now();
  const feed = createEventFeed(now);
  const board = createNoticeBoard(now, (notice) => feed.publish({ kind: 'notice', public: true, data: notice }));
  const childLink = createChildLink(clock, randomBytes);
  const late: Late = { url: fallbackUrl(configuration), inbox: undefined };
  const server = createServerControl(
    { ...platform, link: childLink, log, random: randomBytes },
    serverOptionsOf(configuration, () => late.url),
  );
  const sessions = withNoticeBoard(openSessions(platform, configuration, log, childLink, server), board);
  const outbox = openOutbox(platform, configuration, log);
  const sources = createReleaseSources(platform, configuration, log);
  const places = placesOf(configuration);
  const checks = createUpdateChecks({ platform, configuration, places, server, sessions, sources });
  const words = wordsOf(server);
  const messenger = createMessenger(
    { outbox, clock, log, serverState: () => server.state() },
    peopleOf(platform, configuration),
  );
  const tools = createUpdateTools({ platform, configuration, log, server, sessions, sources, checks, messenger });
  const updates = createUpdates(tools, { journalFolder: join(configuration.stateFolder, 'orders'), steps: STEPS });
  const application = createApplication({
    ...applicationIdentity(platform, loaded),
    updates,
    tools,
    words,
    feed,
    board,
    tryOrder: async (order, signal) => tryOrder(tools, checks, words, order, signal),
    inboxOffers: () => late.inbox?.offers() ?? [],
    newId: () => randomBytes(8).toString('hex'),
  });
  const port = createPort(
    { application, childLink, clock, files, network, machine, log },
    portOptionsOf(configuration),
  );
  const parts: Parts = {
    platform,
    loaded,
    log,
    server,
    updates,
    tools,
    port,
    outbox,
    sources,
    lock,
    late,
    ending: new AbortController(),
    tasks: [],
  };
  publishChanges(parts, feed);
  return { application, server, updates, start: async () => start(parts), close: async (what) => close(parts, what) };
}

/** Until the port listens, a server that starts is told where it will. */
function fallbackUrl({ port }: Configuration): string {
  return `${port.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port.port}`;
}

function peopleOf({ machine }: Platform, { name, mail, language }: Configuration): MessengerOptions {
  return { name, host: machine.hostName, to: mail?.to ?? [], language };
}

type IdentityParts = Pick<ApplicationParts, 'machine' | 'name' | 'launcherVersion' | 'defaults' | 'warnings'> &
  Partial<Pick<ApplicationParts, 'serverPort' | 'refusal'>>;

/** Who this launcher is and what it may do, by its configuration. */
function applicationIdentity(
  { machine }: Platform,
  { configuration, updatesBlocked }: LoadedConfiguration,
): IdentityParts {
  return {
    machine,
    name: configuration.name,
    launcherVersion: LAUNCHER_VERSION,
    defaults: { delaySeconds: configuration.updates.delaySeconds, language: configuration.language },
    warnings: () => updatesBlocked.map(({ path, expected }) => `${path}: ${expected}`),
    ...(configuration.server.port === undefined ? {} : { serverPort: configuration.server.port }),
    ...(updatesBlocked.length === 0 ? {} : { refusal: faultOfMistakes(updatesBlocked) }),
  };
}

function portOptionsOf({ stateFolder, port, language }: Configuration): PortOptions {
  return {
    stateFolder,
    listen: { host: port.host, port: port.port },
    names: port.names,
    open: ['notices', 'monitor'],
    language,
    version: LAUNCHER_VERSION,
    ...(port.tls === undefined ? {} : { tls: port.tls }),
  };
}

function openSessions(
  platform: Platform,
  configuration: Configuration,
  log: Log,
  link: ChildLink,
  server: SupervisedServer,
): Sessions {
  const serverRuns = (): boolean => 'process' in server.state();
  const drain = (on: boolean): void => server.drain(on);
  return createSessions({ ...platform, link, log, serverRuns, drain }, sessionOptionsOf(configuration));
}

function sessionOptionsOf({ server, language }: Configuration): Parameters<typeof createSessions>[1] {
  const { port, warnCommand, closeCommand } = server.sessions;
  const counted = port ?? server.port;
  return {
    language,
    commandLimitMs: COMMAND_LIMIT_MS,
    closeLimitMs: CLOSE_LIMIT_MS,
    ...(counted === undefined ? {} : { port: counted }),
    ...(warnCommand === undefined ? {} : { warnCommand }),
    ...(closeCommand === undefined ? {} : { closeCommand }),
  };
}

/** Without a mail server mails wait on disk: one that is configured later sends them. */
function openOutbox(platform: Platform, { stateFolder, mail }: Configuration, log: Log): Outbox {
  const transport = mail === undefined ? {} : { transport: createSmtpTransport(platform, mail) };
  return createOutbox({ ...platform, log, ...transport }, { folder: join(stateFolder, 'outbox') });
}

function wordsOf(server: SupervisedServer): ViewWords {
  return {
    explain: (fault, language) => explainFault(fault, language, serverNow(server.state(), language)),
    note: noteText,
  };
}

function publishChanges({ server, updates }: Parts, feed: EventFeed): void {
  server.subscribe((event) => feed.publish({ kind: 'server', public: false, data: event }));
  updates.subscribe(({ journal, note }) =>
    feed.publish({
      kind: 'update',
      public: false,
      data: { id: orderOf(journal).id, last: journal.at(-1), ...(note === undefined ? {} : { note }) },
    }),
  );
}

/** The order matters: the port first (the server reports there), then the server, then an open order. */
async function start(parts: Parts): Promise<Result<Listening>> {
  const { updates, server, port, outbox, log, late, ending, tasks } = parts;
  const open = await updates.inspect();
  const listens = await port.listen();
  if (listens.ok && listens.value.tcp !== undefined) {
    const { host, port: number } = listens.value.tcp;
    late.url = `${new URL(late.url).protocol}//${host}:${number}`;
  } else if (!listens.ok) {
    // Starting the server never depends on anything that concerns updating.
    log.error('the launcher port cannot be opened', { code: listens.fault.code, why: listens.fault.detail });
  }
  const orderHoldsServer = open.kind === 'open' && open.serverHeld;
  if (orderHoldsServer) {
    server.hold(faultOf('update-running', 'an update is under way'));
  }
  const adopted = await server.adopt();
  log.info(adopted === undefined ? 'no server was running' : 'the running server is adopted', { pid: adopted?.pid });
  if (!orderHoldsServer) {
    server.resume();
  }
  updates.resumeOpen();
  if (open.kind !== 'open') {
    tasks.push(recordLiveRelease(parts.tools));
  }
  tasks.push(outbox.run(ending.signal), tidyNowAndThen(parts), watchInbox(parts));
  return listens;
}

/** A folder that cannot be watched costs an offer, never the server. */
async function watchInbox({ platform, loaded, sources, log, late }: Parts): Promise<void> {
  const folder = loaded.configuration.updates.inbox;
  if (folder === undefined) {
    return;
  }
  const opened = await openInbox({ ...platform, watches: platform.folderWatches(log), sources, log }, folder);
  if (opened.ok) {
    late.inbox = opened.value;
  } else {
    log.warn('the inbox cannot be watched', { path: folder, code: opened.fault.code, detail: opened.fault.detail });
  }
}

async function tidyNowAndThen({ updates, platform, ending }: Parts): Promise<void> {
  do {
    await updates.tidy();
  } while ((await platform.clock.sleep(TIDY_EVERY_MS, ending.signal)) === 'elapsed');
}

async function close(parts: Parts, what: 'stop' | 'leave'): Promise<Result<void>> {
  const { updates, server, port, sources, lock, late, ending, tasks } = parts;
  await updates.close();
  const stopped = what === 'stop' ? await stopServer(server) : succeed();
  ending.abort();
  await Promise.allSettled(tasks);
  await late.inbox?.close();
  await server.detach();
  await port.close();
  await sources.close();
  await lock.release();
  return stopped;
}

async function stopServer(server: SupervisedServer): Promise<Result<void>> {
  server.hold(faultOf('server-stopped', 'the launcher is being stopped'));
  const stopped = await server.stop({ reason: 'the launcher is being stopped' });
  return stopped.ok ? succeed() : fail(stopped.fault);
}
