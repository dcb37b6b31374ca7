import path from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { isOurs, readEntry, restoreEntry, writeEntry } from './entry-file.ts';
import { exitTimeOutMs, launchdLabel, launchdPlist } from './launchd-plist.ts';
import {
  foreignService,
  type InstallOptions,
  type ServiceContext,
  type ServiceEntry,
  type ServiceRegistry,
  type ServiceReport,
  type ServiceStatus,
} from './service.ts';
import { withLimit } from './stop-limit.ts';
import { askTool, runTool } from './tool.ts';

/** Places of launchd.plist(5); tests use others. */
export interface LaunchdPlaces {
  readonly launchctl: string;
  readonly daemons: string;
}

export const LAUNCHD_PLACES: LaunchdPlaces = { launchctl: '/bin/launchctl', daemons: '/Library/LaunchDaemons' };
/** `bootout` waits for the server's stop. */
const STOP_LIMIT_MS = 3_600_000;

/** A daemon of launchd. To take one over, its label is given as the name: `com.example.server`. */
export function createLaunchdRegistry(
  context: ServiceContext,
  places: LaunchdPlaces = LAUNCHD_PLACES,
): ServiceRegistry {
  const launchd = { ...context, places };
  return {
    install: (entry, options) => install(launchd, entry, options),
    uninstall: (name) => uninstall(launchd, name),
    status: (name) => status(launchd, name),
  };
}

type Launchd = ServiceContext & { readonly places: LaunchdPlaces };

function plistOf({ places }: Launchd, label: string): string {
  return path.posix.join(places.daemons, `${label}.plist`);
}

function keptFile({ stateFolder }: Launchd, label: string): string {
  return path.posix.join(stateFolder, 'service', `${label}.plist.before`);
}

async function install(launchd: Launchd, entry: ServiceEntry, options: InstallOptions): Promise<Result<ServiceReport>> {
  const label = options.takeOver ?? launchdLabel(entry.name);
  const file = plistOf(launchd, label);
  const written = await writeEntry(launchd.files, {
    name: label,
    file,
    content: launchdPlist(entry, label),
    mayTakeOver: options.takeOver !== undefined,
    keptFile: keptFile(launchd, label),
  });
  if (!written.ok) return written;
  // A label that was once disabled stays so beyond the removal of its file.
  const enabled = await runTool(launchd.processes, launchd.places.launchctl, ['enable', `system/${label}`]);
  if (!enabled.ok) {
    await written.value.undo();
    return enabled;
  }
  const startCommand = [launchd.places.launchctl, 'bootstrap', 'system', file];
  return succeed({ name: label, change: written.value.change, file, startCommand });
}

async function uninstall(launchd: Launchd, name: string): Promise<Result<void>> {
  const found = await findOurs(launchd, name);
  if (!found.ok) return found;
  if (found.value === undefined) {
    return fail(faultOf('not-found', 'there is no such service', { path: plistOf(launchd, launchdLabel(name)) }));
  }
  const label = found.value;
  if (await isLoaded(launchd, label)) {
    const stopped = await runTool(
      launchd.processes,
      launchd.places.launchctl,
      ['bootout', `system/${label}`],
      STOP_LIMIT_MS,
    );
    if (!stopped.ok) return stopped;
  }
  return restoreEntry(launchd.files, plistOf(launchd, label), keptFile(launchd, label));
}

/** The label under which an entry of ours stands: our own for this name, or the one that was taken over. */
async function findOurs(launchd: Launchd, name: string): Promise<Result<string | undefined>> {
  for (const label of [launchdLabel(name), name]) {
    const plist = await readEntry(launchd.files, plistOf(launchd, label));
    if (!plist.ok) return plist;
    if (plist.value !== undefined)
      return isOurs(plist.value) ? succeed(label) : fail(foreignService(label, plistOf(launchd, label)));
  }
  return succeed(undefined);
}

async function isLoaded(launchd: Launchd, label: string): Promise<boolean> {
  const printed = await askTool(launchd.processes, launchd.places.launchctl, ['print', `system/${label}`]);
  return printed.ok && printed.value.code === 0;
}

async function status(launchd: Launchd, name: string): Promise<Result<ServiceStatus>> {
  const found = await findOurs(launchd, name);
  if (!found.ok) {
    const { code, path: file } = found.fault;
    return code === 'already-exists' ? succeed({ kind: 'foreign', detail: file ?? name }) : found;
  }
  if (found.value === undefined) return succeed({ kind: 'absent' });
  const printed = await askTool(launchd.processes, launchd.places.launchctl, ['print', `system/${found.value}`]);
  if (!printed.ok) return printed;
  const running = printed.value.code === 0 && /^\s*state = running$/m.test(printed.value.output);
  const detail = printed.value.code === 0 ? (running ? 'running' : 'loaded, not running') : 'not loaded';
  const plist = await readEntry(launchd.files, plistOf(launchd, found.value));
  const limit = withLimit(plist.ok ? exitTimeOutMs(plist.value ?? '') : undefined);
  return succeed({ kind: 'installed', startsAtBoot: true, running, detail, ...limit });
}
