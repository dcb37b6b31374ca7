import { faultOf } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { RunCommand } from '../node/run-command.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { ServiceManager, ServiceMessage } from '../service-manager.ts';

/** systemd's own program for it: Node has no datagram sockets of the Unix kind. */
const NOTIFY_COMMAND = 'systemd-notify';
const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
/** It waits until the message has been read, so that its sender can still be told. */
const TELL_LIMIT_MS = 5_000;
/** A status longer than this is of use to nobody. */
const LONGEST_VALUE = 512;

/** systemd, if it started this process and listens (`Type=notify`); undefined when nobody does. */
export function openServiceManager(machine: Machine, run: RunCommand): ServiceManager | undefined {
  const socket = machine.environment['NOTIFY_SOCKET'];
  // sd_notify(3): a path or, with "@", an abstract name; AF_VSOCK is for virtual machines' own managers.
  if (socket === undefined || !/^[/@]./.test(socket)) return undefined;
  const watchdogMs = watchdogOf(machine);
  return {
    ...(watchdogMs !== undefined && { watchdogMs }),
    tell: (message) => tell(run, socket, message),
  };
}

/** sd_watchdog_enabled(3): the time is meant for the process that WATCHDOG_PID names, if it is given. */
function watchdogOf({ environment, processId }: Machine): number | undefined {
  const { WATCHDOG_USEC: time, WATCHDOG_PID: pid } = environment;
  if (time === undefined || !/^[1-9]\d{0,15}$/.test(time)) return undefined;
  return pid === undefined || pid === String(processId) ? Number(time) / 1_000 : undefined;
}

async function tell(run: RunCommand, socket: string, message: ServiceMessage): Promise<Result<void>> {
  const outcome = await run({
    command: NOTIFY_COMMAND,
    args: Object.entries(message).map(([name, value]) => `${name}=${oneLine(value)}`),
    environment: { PATH: SYSTEM_PATH, NOTIFY_SOCKET: socket },
    timeoutMs: TELL_LIMIT_MS,
  });
  if (!outcome.ok) return outcome;
  const { exit, errorOutput } = outcome.value;
  if (exit.kind === 'exited' && exit.code === 0) return succeed();
  return fail(faultOf('command-failed', errorOutput.trim() || 'systemd-notify failed', { path: NOTIFY_COMMAND }));
}

/** A line break would begin another assignment. */
function oneLine(value: string): string {
  return value.replaceAll(/\s+/gu, ' ').slice(0, LONGEST_VALUE);
}
