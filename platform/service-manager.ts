import type { Result } from './result.ts';

/** What the service manager of the operating system is told, sd_notify(3): `READY=1`, `STATUS=…`, `WATCHDOG=1`, … */
export type ServiceMessage = Readonly<Record<string, string>>;

/** The service manager that started this process and wants to hear from it. */
export interface ServiceManager {
  /** A process that says nothing for this long is taken for hung, milliseconds; undefined: nobody watches. */
  readonly watchdogMs?: number;
  tell(message: ServiceMessage): Promise<Result<void>>;
}
