import path from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { readEntry } from './entry-file.ts';
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
import {
  behaviourCalls,
  binaryPathOf,
  createCalls,
  isRunning,
  preshutdownMs,
  type ScCall,
  serviceCommandLine,
  startsAtBoot,
  takeOverCall,
} from './windows-service.ts';

/** Places on Windows; tests use others. */
export interface WindowsPlaces {
  readonly sc: string;
  /** The program that speaks with the service manager and starts the launcher; it lies beside the launcher. */
  readonly host: string;
}

/** ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_NOT_ACTIVE, ERROR_ACCESS_DENIED of winerror.h. */
const [NO_SUCH_SERVICE, NOT_ACTIVE, ACCESS_DENIED] = [1060, 1062, 5];

export function windowsPlaces({ machine }: ServiceContext): WindowsPlaces {
  const root = machine.environment['SystemRoot'] ?? 'C:\\Windows';
  return {
    sc: path.win32.join(root, 'System32', 'sc.exe'),
    host: path.win32.join(path.win32.dirname(machine.executable), 'om-launcher-service.exe'),
  };
}

/** A service is ours when its command line begins with our host. */
export function createWindowsRegistry(context: ServiceContext, places = windowsPlaces(context)): ServiceRegistry {
  const windows = { ...context, places };
  return {
    install: (entry, options) => install(windows, entry, options),
    uninstall: (name) => uninstall(windows, name),
    status: (name) => status(windows, name),
  };
}

type Windows = ServiceContext & { readonly places: WindowsPlaces };

function keptFile({ stateFolder }: Windows, name: string): string {
  return path.join(stateFolder, 'service', `${name}.command-line.before`);
}

async function install(windows: Windows, entry: ServiceEntry, options: InstallOptions): Promise<Result<ServiceReport>> {
  const host = await windows.files.facts(windows.places.host);
  if (!host.ok) return host;
  if (!host.value) return fail(faultOf('not-found', 'the service host is missing', { path: windows.places.host }));
  const { name } = entry;
  const present = await commandLineOf(windows, name);
  if (!present.ok) return present;
  const commandLine = serviceCommandLine(windows.places.host, entry);
  const change = changeOf(windows, present.value, commandLine, options.takeOver === name);
  if (change === undefined) return fail(foreignService(name));
  const done = await apply(windows, change, entry, commandLine, present.value);
  return done.ok ? succeed({ name, change, startCommand: [windows.places.sc, 'start', name] }) : done;
}

/** Undefined: it is somebody else's. */
function changeOf(windows: Windows, present: string | undefined, wanted: string, mayTakeOver: boolean) {
  if (present === undefined) return 'created';
  if (present === wanted) return 'unchanged';
  if (isOurs(windows, present)) return 'replaced';
  return mayTakeOver ? 'taken-over' : undefined;
}

async function apply(
  windows: Windows,
  change: ServiceReport['change'],
  entry: ServiceEntry,
  commandLine: string,
  before: string | undefined,
): Promise<Result<void>> {
  switch (change) {
    case 'unchanged':
      return succeed();
    case 'created':
      return callAll(windows, createCalls(entry, commandLine), ['delete', entry.name]);
    case 'replaced':
      return callAll(
        windows,
        [takeOverCall(entry.name, commandLine), ...behaviourCalls(entry)],
        takeOverCall(entry.name, before ?? commandLine),
      );
    case 'taken-over': {
      const kept = await keep(windows, entry.name, before ?? '');
      return kept.ok ? call(windows, takeOverCall(entry.name, commandLine)) : kept;
    }
  }
}

async function keep(windows: Windows, name: string, commandLine: string): Promise<Result<void>> {
  const folder = await windows.files.makeFolder(path.dirname(keptFile(windows, name)), 0o700);
  return folder.ok ? windows.files.writeDurably(keptFile(windows, name), commandLine, 0o600) : folder;
}

/** All or none: `undo` runs when a call after the first one failed. */
async function callAll(windows: Windows, calls: readonly ScCall[], undo: ScCall): Promise<Result<void>> {
  for (const [index, arguments_] of calls.entries()) {
    const done = await call(windows, arguments_);
    if (done.ok) continue;
    if (index > 0) await call(windows, undo);
    return done;
  }
  return succeed();
}

async function call(windows: Windows, arguments_: ScCall): Promise<Result<void>> {
  const done = await runTool(windows.processes, windows.places.sc, arguments_);
  return done.ok ? succeed() : done;
}

/** Undefined when there is no such service. */
async function commandLineOf(windows: Windows, name: string): Promise<Result<string | undefined>> {
  const asked = await askTool(windows.processes, windows.places.sc, ['qc', name]);
  if (!asked.ok) return asked;
  const { code, output } = asked.value;
  if (code === NO_SUCH_SERVICE) return succeed(undefined);
  if (code === ACCESS_DENIED) {
    return fail(faultOf('no-permission', 'reading the service was refused', { account: windows.machine.account }));
  }
  const commandLine = binaryPathOf(output);
  if (code === 0 && commandLine !== undefined) return succeed(commandLine);
  return fail(faultOf('command-failed', `sc qc ended with status ${code}`, { path: windows.places.sc }));
}

async function uninstall(windows: Windows, name: string): Promise<Result<void>> {
  const present = await commandLineOf(windows, name);
  if (!present.ok) return present;
  if (present.value === undefined) return fail(faultOf('not-found', `there is no service "${name}"`));
  if (!isOurs(windows, present.value)) return fail(foreignService(name));
  const stopped = await askTool(windows.processes, windows.places.sc, ['stop', name]);
  if (!stopped.ok) return stopped;
  if (stopped.value.code !== 0 && stopped.value.code !== NOT_ACTIVE) {
    return fail(
      faultOf('command-failed', `sc stop ended with status ${stopped.value.code}`, { path: windows.places.sc }),
    );
  }
  const kept = await readEntry(windows.files, keptFile(windows, name));
  if (!kept.ok) return kept;
  if (kept.value === undefined) return call(windows, ['delete', name]);
  const restored = await call(windows, takeOverCall(name, kept.value));
  return restored.ok ? windows.files.remove(keptFile(windows, name)) : restored;
}

async function status(windows: Windows, name: string): Promise<Result<ServiceStatus>> {
  const configuration = await askTool(windows.processes, windows.places.sc, ['qc', name]);
  if (!configuration.ok) return configuration;
  if (configuration.value.code === NO_SUCH_SERVICE) return succeed({ kind: 'absent' });
  const commandLine = binaryPathOf(configuration.value.output) ?? '';
  if (!isOurs(windows, commandLine)) return succeed({ kind: 'foreign', detail: commandLine });
  const queried = await askTool(windows.processes, windows.places.sc, ['query', name]);
  if (!queried.ok) return queried;
  const running = isRunning(queried.value.output);
  const atBoot = startsAtBoot(configuration.value.output);
  const patience = await askTool(windows.processes, windows.places.sc, ['qpreshutdown', name]);
  const limit = withLimit(patience.ok && patience.value.code === 0 ? preshutdownMs(patience.value.output) : undefined);
  const detail = running ? 'running' : 'not running';
  return succeed({ kind: 'installed', startsAtBoot: atBoot, running, detail, ...limit });
}

function isOurs(windows: Windows, commandLine: string): boolean {
  return commandLine.toLowerCase().replaceAll('"', '').startsWith(windows.places.host.toLowerCase());
}
