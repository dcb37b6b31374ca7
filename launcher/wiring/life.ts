import { faultOf } from '../../platform/fault.ts';
import type { InstanceLock } from '../../platform/instance-lock.ts';
import type { Log } from '../../platform/log.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { recordLiveRelease } from '../../installer/update/live-release.ts';
import type { Schedule } from '../../installer/schedule/schedule.ts';
import type { UpdateTools } from '../../installer/update/tools.ts';
import type { Updates } from '../../installer/update/updates.ts';
import type { SupervisedServer } from '../../supervisor/server.ts';
import { type Inbox, openInbox } from '../application/inbox.ts';
import type { LoadedConfiguration } from '../configuration/load.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { Listening, Port } from '../port/port.ts';
import { serviceStatus } from '../service/install-service.ts';
import { serviceName } from '../service/service-name.ts';
import { type StopShortfall, stopShortfall } from '../service/stop-limit.ts';
import type { ReleaseSources } from './release-sources.ts';

/** What lives as long as the launcher. */
export interface LauncherParts {
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
  readonly schedule: Schedule;
  readonly ending: AbortController;
  readonly tasks: Promise<unknown>[];
}

/** What is known only once the launcher runs. */
export interface Late {
  /** Where the port listens. */
  url: string;
  inbox: Inbox | undefined;
  /** The operating system would cut a stop off. */
  stopShortfall: StopShortfall | undefined;
}

/** Kept releases are looked at this often. */
const TIDY_EVERY_MS = 3_600_000;

/** The order matters: the port first (the server reports there), then the server, then an open order. */
export async function startLauncher(parts: LauncherParts): Promise<Listening | undefined> {
  const { updates, server, outbox, log, ending, tasks } = parts;
  const open = await updates.inspect();
  const listening = await listen(parts);
  const orderHoldsServer = open.kind === 'open' && open.serverHeld;
  if (orderHoldsServer) {
    server.hold(faultOf('update-running', 'an update is under way'));
  }
  const adopted = await server.adopt();
  log.info(adopted === undefined ? 'no server was running' : 'the running server is adopted', { pid: adopted?.pid });
  await updates.mendBundle();
  if (!orderHoldsServer) {
    server.resume();
  }
  updates.resumeOpen();
  if (open.kind === 'none' || open.kind === 'newer') {
    tasks.push(noteLiveRelease(parts));
  }
  tasks.push(outbox.run(ending.signal), tidyNowAndThen(parts), watchInbox(parts), compareStopLimit(parts));
  if (parts.loaded.updatesBlocked.length === 0) {
    tasks.push(parts.schedule.run(ending.signal));
  }
  return listening;
}

/** Starting the server never depends on anything that concerns updating, the port included (promise 2). */
async function listen({ port, log, late }: LauncherParts): Promise<Listening | undefined> {
  const listens = await port.listen();
  if (!listens.ok) {
    const { code, detail: why, path } = listens.fault;
    log.error('the launcher port cannot be opened; the server runs without it', { code, why, path });
    return undefined;
  }
  const { tcp } = listens.value;
  if (tcp !== undefined) {
    late.url = `${new URL(late.url).protocol}//${tcp.host}:${tcp.port}`;
  }
  return listens.value;
}

async function noteLiveRelease({ tools, log }: LauncherParts): Promise<void> {
  const noted = await recordLiveRelease(tools);
  if (!noted.ok) {
    const { code, path } = noted.fault;
    log.error('the record of installed releases cannot be read or written; it is left as it is', { code, path });
  }
}

/** A folder that cannot be watched costs an offer, never the server. */
async function watchInbox({ platform, loaded, sources, log, late }: LauncherParts): Promise<void> {
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

/** Told once at the start: an administrator changes neither the ladder nor the service without a new start of the launcher. */
async function compareStopLimit({ platform, loaded, log, late }: LauncherParts): Promise<void> {
  const { configuration } = loaded;
  const context = { ...platform, stateFolder: configuration.stateFolder };
  const status = await serviceStatus(context, serviceName(configuration));
  if (!status.ok) return;
  late.stopShortfall = stopShortfall(configuration.server.stop, status.value);
  if (late.stopShortfall !== undefined)
    log.warn('the operating system would cut a stop off', { ...late.stopShortfall });
}

async function tidyNowAndThen({ updates, platform, ending }: LauncherParts): Promise<void> {
  do {
    await updates.tidy();
  } while ((await platform.clock.sleep(TIDY_EVERY_MS, ending.signal)) === 'elapsed');
}

export async function closeLauncher(parts: LauncherParts, what: 'stop' | 'leave'): Promise<Result<void>> {
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
