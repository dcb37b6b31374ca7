import type { Result } from './result.ts';

/** What the service manager of the operating system is told, sd_notify(3): `READY=1`, `STATUS=…`, `WATCHDOG=1`, … */
export type ServiceMessage = Readonly<Record<string, string>>;

/** What a service manager has put into this process's environment for it alone, sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
export const SERVICE_MANAGER_VARIABLE = /^(NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES))$/;

/** The service manager that started this process and wants to hear from it. */
export interface ServiceManager {
  /** A process that says nothing for this long is taken for hung, milliseconds; undefined: nobody watches. */
  readonly watchdogMs?: number;
  tell(message: ServiceMessage): Promise<Result<void>>;
}
