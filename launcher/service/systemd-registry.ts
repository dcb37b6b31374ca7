import path from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { isOurs, readEntry, restoreEntry, writeEntry } from './entry-file.ts';
import {
  foreignService,
  type InstallOptions,
  type ServiceContext,
  type ServiceEntry,
  type ServiceRegistry,
  type ServiceReport,
  type ServiceStatus,
} from './service.ts';
import { timeSpanMs, withLimit } from './stop-limit.ts';
import { systemdUnit, unitProperties } from './systemd-unit.ts';
import { runTool } from './tool.ts';

/** Places of systemd.unit(5); tests use others. */
export interface SystemdPlaces {
  readonly systemctl: string;
  /** The administrator's units: ours go here. */
  readonly units: string;
  /** Units of packages: never written, but their names are taken. */
  readonly packageUnits: readonly string[];
  /** Exists while systemd runs, as sd_booted(3) says. */
  readonly booted: string;
}

export const SYSTEMD_PLACES: SystemdPlaces = {
  systemctl: '/usr/bin/systemctl',
  units: '/etc/systemd/system',
  packageUnits: ['/usr/lib/systemd/system', '/lib/systemd/system', '/usr/local/lib/systemd/system'],
  booted: '/run/systemd/system',
};
/** `disable --now` waits for the server's stop. */
const STOP_LIMIT_MS = 3_600_000;

export function createSystemdRegistry(
  context: ServiceContext,
  places: SystemdPlaces = SYSTEMD_PLACES,
): ServiceRegistry {
  const systemd = { ...context, places };
  return {
    install: (entry, options) => install(systemd, entry, options),
    uninstall: (name) => uninstall(systemd, name),
    status: (name) => status(systemd, name),
  };
}

type Systemd = ServiceContext & { readonly places: SystemdPlaces };

function unitFile({ places }: Systemd, name: string): string {
  return path.posix.join(places.units, `${name}.service`);
}

function keptFile({ stateFolder }: Systemd, name: string): string {
  return path.posix.join(stateFolder, 'service', `${name}.service.before`);
}

function systemctl(systemd: Systemd, args: readonly string[], timeoutMs?: number): Promise<Result<string>> {
  return runTool(systemd.processes, systemd.places.systemctl, args, timeoutMs);
}

async function install(systemd: Systemd, entry: ServiceEntry, options: InstallOptions): Promise<Result<ServiceReport>> {
  const taken = options.takeOver === undefined ? await takenByPackage(systemd, entry.name) : undefined;
  if (taken !== undefined) return fail(foreignService(entry.name, taken));
  const file = unitFile(systemd, entry.name);
  const written = await writeEntry(systemd.files, {
    name: entry.name,
    file,
    content: systemdUnit(entry),
    mayTakeOver: options.takeOver === entry.name,
    keptFile: keptFile(systemd, entry.name),
  });
  if (!written.ok) return written;
  const enabled = await enable(systemd, entry.name);
  if (!enabled.ok) {
    await written.value.undo();
    await reload(systemd);
    return enabled;
  }
  const startCommand = [systemd.places.systemctl, 'start', entry.name];
  return succeed({ name: entry.name, change: written.value.change, file, startCommand });
}

/** The file of a package's unit that has this name. */
async function takenByPackage(systemd: Systemd, name: string): Promise<string | undefined> {
  for (const folder of systemd.places.packageUnits) {
    const file = path.posix.join(folder, `${name}.service`);
    const facts = await systemd.files.facts(file);
    if (facts.ok && facts.value) return file;
  }
  return undefined;
}

async function enable(systemd: Systemd, name: string): Promise<Result<unknown>> {
  const reloaded = await reload(systemd);
  return reloaded.ok ? systemctl(systemd, ['enable', `${name}.service`]) : reloaded;
}

/** In an image that is being built there is no systemd to tell. */
async function reload(systemd: Systemd): Promise<Result<unknown>> {
  return (await isBooted(systemd)) ? systemctl(systemd, ['daemon-reload']) : succeed();
}

async function isBooted(systemd: Systemd): Promise<boolean> {
  const facts = await systemd.files.facts(systemd.places.booted);
  return facts.ok && facts.value !== undefined;
}

async function uninstall(systemd: Systemd, name: string): Promise<Result<void>> {
  const unit = await readEntry(systemd.files, unitFile(systemd, name));
  if (!unit.ok) return unit;
  if (unit.value === undefined)
    return fail(faultOf('not-found', 'there is no such service', { path: unitFile(systemd, name) }));
  if (!isOurs(unit.value)) return fail(foreignService(name, unitFile(systemd, name)));
  const stop = (await isBooted(systemd)) ? ['--now'] : [];
  const disabled = await systemctl(systemd, ['disable', ...stop, `${name}.service`], STOP_LIMIT_MS);
  if (!disabled.ok) return disabled;
  const restored = await restoreEntry(systemd.files, unitFile(systemd, name), keptFile(systemd, name));
  if (!restored.ok) return restored;
  const reloaded = await reload(systemd);
  return reloaded.ok ? succeed() : reloaded;
}

async function status(systemd: Systemd, name: string): Promise<Result<ServiceStatus>> {
  const unit = await readEntry(systemd.files, unitFile(systemd, name));
  if (!unit.ok) return unit;
  const packaged = unit.value === undefined ? await takenByPackage(systemd, name) : undefined;
  if (packaged !== undefined) return succeed({ kind: 'foreign', detail: packaged });
  if (unit.value === undefined) return succeed({ kind: 'absent' });
  if (!isOurs(unit.value)) return succeed({ kind: 'foreign', detail: unitFile(systemd, name) });
  if (!(await isBooted(systemd)))
    return succeed({ ...OFFLINE, ...limitIn(unit.value), detail: 'systemd does not run here' });
  const shown = await systemctl(systemd, [
    'show',
    `${name}.service`,
    '--property=ActiveState,SubState,UnitFileState,TimeoutStopUSec',
  ]);
  return shown.ok ? succeed(statusOf(unitProperties(shown.value))) : shown;
}

const OFFLINE = { kind: 'installed', startsAtBoot: true, running: false } as const;

function statusOf(properties: ReadonlyMap<string, string>): ServiceStatus {
  const active = properties.get('ActiveState') ?? 'unknown';
  return {
    kind: 'installed',
    startsAtBoot: properties.get('UnitFileState') === 'enabled',
    running: active === 'active',
    detail: `${active} (${properties.get('SubState') ?? 'unknown'})`,
    ...withLimit(timeSpanMs(properties.get('TimeoutStopUSec') ?? '')),
  };
}

/** What the unit itself says, where there is no systemd that knows of changes by others. */
function limitIn(unit: string): { readonly stopLimitMs?: number } {
  const seconds = /^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1];
  return withLimit(seconds === undefined ? undefined : Number(seconds) * 1_000);
}
