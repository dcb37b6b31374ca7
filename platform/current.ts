import type { Clock } from './clock.ts';
import { faultOf } from './fault.ts';
import type { FreeStart } from './file-space.ts';
import type { Files } from './files.ts';
import type { InstanceLocks } from './instance-lock.ts';
import { createLinuxFreeStart } from './linux/free-start.ts';
import { createLinuxLocks } from './linux/instance-lock.ts';
import { createActsAtOnce } from './linux/acts-at-once.ts';
import { createListeningSockets } from './linux/listening-socket.ts';
import { syncVolume } from './linux/sync-volume.ts';
import { LINUX_HELPER_ENVIRONMENT, observeLinuxProcesses } from './linux/process-observer.ts';
import { openServiceManager } from './linux/service-manager.ts';
import type { Machine, OperatingSystem } from './machine.ts';
import { createMacosLocks } from './macos/instance-lock.ts';
import { MACOS_HELPER_ENVIRONMENT, observeMacosProcesses } from './macos/process-observer.ts';
import { type ChildRegistry, createChildRegistry } from './node/child-registry.ts';
import { createClock } from './node/clock.ts';
import type { Actor } from './node/errno.ts';
import { createFiles } from './node/files.ts';
import { createFolderWatches } from './node/folder-watch.ts';
import { createHelperCommand } from './node/helper-command.ts';
import { readMachine } from './node/machine.ts';
import { createNetwork } from './node/network.ts';
import { killPosixGroup } from './node/posix-signals.ts';
import { createProcesses } from './node/processes.ts';
import { createRunCommand } from './node/run-command.ts';
import type { Platform } from './platform.ts';
import type { Processes } from './processes.ts';
import { fail } from './result.ts';
import type { ServiceManager } from './service-manager.ts';
import { createWindowsLocks } from './windows/instance-lock.ts';
import { killWindowsTree, windowsHelperEnvironment } from './windows/helpers.ts';
import { observeWindowsProcesses } from './windows/process-observer.ts';

/** The machine that this process runs on; the only place that asks which operating system it is. */
export function openPlatform(): Platform {
  const machine = readMachine(operatingSystem());
  const clock = createClock();
  const actor: Actor = { operatingSystem: machine.operatingSystem, account: machine.account };
  const files = createFiles(actor, clock, machine.operatingSystem === 'linux' ? syncVolume : undefined);
  const serviceManager = openManager(machine, clock);
  const children = createChildRegistry();
  return {
    machine,
    clock,
    files,
    freeStart: openFreeStart(actor, clock),
    processes: openProcesses(actor, clock, children),
    network: createNetwork(clock),
    locks: openLocks(actor, files),
    ...(serviceManager && { serviceManager }),
    ...(machine.operatingSystem === 'linux' && {
      atOnce: createActsAtOnce(actor, children),
      openListeningSocket: createListeningSockets(machine.self),
    }),
    folderWatches: (log) => createFolderWatches(log),
  };
}

/** BSDs and other Unixes without /proc are not among the vendor's platforms. */
function operatingSystem(): OperatingSystem {
  if (process.platform === 'win32') return 'windows';
  return process.platform === 'darwin' ? 'macos' : 'linux';
}

function openProcesses(actor: Actor, clock: Clock, children: ChildRegistry): Processes {
  switch (actor.operatingSystem) {
    case 'linux': {
      const run = createRunCommand(clock, killPosixGroup);
      const helper = createHelperCommand(run, LINUX_HELPER_ENVIRONMENT);
      return createProcesses(actor, clock, observeLinuxProcesses(actor, helper), run, children);
    }
    case 'macos': {
      const run = createRunCommand(clock, killPosixGroup);
      const helper = createHelperCommand(run, MACOS_HELPER_ENVIRONMENT);
      return createProcesses(actor, clock, observeMacosProcesses(actor, helper), run, children);
    }
    case 'windows': {
      const run = createRunCommand(clock, killWindowsTree);
      const helper = createHelperCommand(run, windowsHelperEnvironment());
      return createProcesses(
        actor,
        clock,
        observeWindowsProcesses(actor, helper, () => clock.monotonic()),
        run,
        children,
      );
    }
  }
}

/** launchd and the Windows host ask nothing of the kind. */
function openManager(machine: Machine, clock: Clock): ServiceManager | undefined {
  if (machine.operatingSystem !== 'linux') return undefined;
  return openServiceManager(machine, createRunCommand(clock, killPosixGroup));
}

/** Windows can do it to files that were made sparse, macOS by fcntl(2); neither has a tool that does it to a file in use. */
function openFreeStart({ operatingSystem }: Actor, clock: Clock): FreeStart {
  if (operatingSystem === 'linux') return createLinuxFreeStart(createRunCommand(clock, killPosixGroup));
  return (path) => Promise.resolve(fail(faultOf('command-failed', `not possible on ${operatingSystem}`, { path })));
}

function openLocks(actor: Actor, files: Files): InstanceLocks {
  switch (actor.operatingSystem) {
    case 'linux':
      return createLinuxLocks(files);
    case 'macos':
      return createMacosLocks(actor);
    case 'windows':
      return createWindowsLocks(files);
  }
}
