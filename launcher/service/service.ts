import type { Files } from '../../platform/files.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** How the operating system starts the launcher of one server. */
export interface ServiceEntry {
  /** Names the service: one per supervised server. */
  readonly name: string;
  /** One line, for people. */
  readonly description: string;
  /** The program, absolute, and its arguments. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** Undefined: the account that may do everything. */
  readonly account?: string;
  /** The stop ladder from its first to its last rung: the operating system must not kill the launcher earlier. */
  readonly stopSeconds: number;
}

export interface InstallOptions {
  /** Name of a service that somebody else made and that is to start the launcher from now on. */
  readonly takeOver?: string;
}

/** What was done, and the command that starts the service: installing alone does not disturb a running server. */
export interface ServiceReport {
  readonly name: string;
  readonly change: 'created' | 'replaced' | 'taken-over' | 'unchanged';
  /** The file of the entry; undefined on Windows. */
  readonly file?: string;
  readonly startCommand: readonly string[];
}

export type ServiceStatus =
  | { readonly kind: 'absent' }
  /** Somebody else's service has this name. */
  | { readonly kind: 'foreign'; readonly detail: string }
  | {
      readonly kind: 'installed';
      readonly startsAtBoot: boolean;
      readonly running: boolean;
      readonly detail: string;
      /** From the request to end until the operating system kills the launcher; undefined when there is none, or it is unknown. */
      readonly stopLimitMs?: number;
    };

/** The service manager of one operating system. */
export interface ServiceRegistry {
  install(entry: ServiceEntry, options: InstallOptions): Promise<Result<ServiceReport>>;
  /** Stops it and takes it out; a service that was taken over becomes what it was. `not-found` when there is none of ours. */
  uninstall(name: string): Promise<Result<void>>;
  status(name: string): Promise<Result<ServiceStatus>>;
}

export interface ServiceContext {
  readonly machine: Machine;
  readonly files: Files;
  readonly processes: Processes;
  /** What was there before is kept here, for `uninstall`. */
  readonly stateFolder: string;
}

/** Marks what we wrote: nothing without it is ever overwritten or removed. */
export const OWNER_MARK = 'Written by om-launcher';
/** A name that is safe in file names, unit names and registry keys. */
const NEW_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** Names that others chose may hold spaces and more (`OM Business`), but neither leave a folder nor look like an option. */
const EXISTING_NAME = /^[^-./\\][^/\\]{0,255}$/;
/** Time for the launcher itself, after the server has stopped. */
export const STOP_MARGIN_SECONDS = 30;

/** Refuses what could become another line or another command in an entry of the operating system. */
export function checkEntry(entry: ServiceEntry): Result<void> {
  const refuse = (detail: string): Result<never> => fail(faultOf('configuration-invalid', detail));
  const texts = [entry.description, entry.workingDirectory, entry.account ?? '', ...entry.command];
  if (!NEW_NAME.test(entry.name))
    return refuse(`"${entry.name}" cannot name a service: letters, digits, ".", "_", "-"`);
  if (texts.some(hasControlCharacter)) return refuse('a service entry cannot hold control characters');
  const [program = ''] = entry.command;
  if (!/^(\/|[A-Za-z]:\\)/.test(program)) return refuse(`the program of a service needs a whole path: "${program}"`);
  return succeed();
}

/** Of a service that is to be taken over, taken out or asked for. */
export function checkExistingName(name: string): Result<void> {
  if (EXISTING_NAME.test(name) && !hasControlCharacter(name)) return succeed();
  return fail(faultOf('request-invalid', `"${name}" cannot be the name of a service`));
}

function hasControlCharacter(text: string): boolean {
  return Array.from(text).some((character) => character < ' ' || character === '\u007f');
}

export function foreignService(name: string, path?: string): Fault {
  const detail = `a service "${name}" exists that om-launcher did not write; --take-over ${name} makes it start the launcher`;
  return faultOf('already-exists', detail, path === undefined ? {} : { path });
}
