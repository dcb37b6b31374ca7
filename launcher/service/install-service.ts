import { faultOf } from '../../platform/fault.ts';
import { fail, type Result } from '../../platform/result.ts';
import { createLaunchdRegistry } from './launchd-registry.ts';
import {
  checkEntry,
  checkExistingName,
  type InstallOptions,
  type ServiceContext,
  type ServiceEntry,
  type ServiceRegistry,
  type ServiceReport,
  type ServiceStatus,
} from './service.ts';
import { createSystemdRegistry } from './systemd-registry.ts';
import { createWindowsRegistry } from './windows-registry.ts';

/**
 * Makes the operating system start the launcher. Nothing is started or stopped; the same call again changes nothing.
 *
 * Faults: `configuration-invalid`, `no-permission`, `already-exists` (somebody else's service), `command-failed`, those of `Files`.
 */
export async function installService(
  context: ServiceContext,
  entry: ServiceEntry,
  options: InstallOptions = {},
): Promise<Result<ServiceReport>> {
  const checked = checkEntry(entry);
  if (!checked.ok) return checked;
  const name = options.takeOver ?? entry.name;
  const named = checkExistingName(name);
  if (!named.ok) return named;
  return adminsOnly(context, () => serviceRegistry(context).install({ ...entry, name }, options));
}

/** Stops the launcher (which stops the server) and takes its service out. */
export async function uninstallService(context: ServiceContext, name: string): Promise<Result<void>> {
  const named = checkExistingName(name);
  return named.ok ? adminsOnly(context, () => serviceRegistry(context).uninstall(name)) : named;
}

/** Anybody may ask. */
export async function serviceStatus(context: ServiceContext, name: string): Promise<Result<ServiceStatus>> {
  const named = checkExistingName(name);
  return named.ok ? serviceRegistry(context).status(name) : named;
}

/** Said before anything is tried: half of an entry helps nobody. */
async function adminsOnly<Value>(
  { machine }: ServiceContext,
  act: () => Promise<Result<Value>>,
): Promise<Result<Value>> {
  if (machine.elevated) return act();
  const detail = 'only an administrator of this machine can change its services';
  return fail(faultOf('no-permission', detail, { account: machine.account, operation: 'service' }));
}

function serviceRegistry(context: ServiceContext): ServiceRegistry {
  switch (context.machine.operatingSystem) {
    case 'linux':
      return createSystemdRegistry(context);
    case 'macos':
      return createLaunchdRegistry(context);
    case 'windows':
      return createWindowsRegistry(context);
  }
}
