import { faultOf } from '../fault.ts';
import type { Fault, FaultCode } from '../fault.ts';
import type { OperatingSystem } from '../machine.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';

/** What each errno of a file operation means to us; everything else is an `io-error`. errno(3), path_resolution(7). */
const FAULT_OF_ERRNO: Readonly<Record<string, FaultCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'quota-exceeded',
  EBUSY: 'file-held',
  ETXTBSY: 'file-held',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  ENOENT: 'not-found',
  EEXIST: 'already-exists',
  ENOTEMPTY: 'already-exists',
  EROFS: 'read-only',
  EXDEV: 'cross-volume',
  EMFILE: 'too-many-open-files',
  ENFILE: 'too-many-open-files',
  EFBIG: 'too-large',
  ELOOP: 'path-refused',
  ENOTDIR: 'path-refused',
  EISDIR: 'path-refused',
  ENAMETOOLONG: 'path-refused',
  ENXIO: 'path-refused',
  EIO: 'io-error',
};

/** Windows answers a sharing violation with these while another program has the entry open. */
const WINDOWS_HELD = new Set(['EPERM', 'EACCES', 'EBUSY']);
const WINDOWS_HELD_OPERATIONS = new Set(['rename', 'unlink', 'rmdir', 'remove']);

/** Who acts, for the texts of faults and for Windows' own meaning of errno. */
export interface Actor {
  readonly operatingSystem: OperatingSystem;
  readonly account: string;
}

export type ErrnoError = Error & { readonly code: string; readonly syscall?: string };

/** True for the errors of Node's system calls; anything else is a bug and is thrown on. */
export function isErrno(error: unknown): error is ErrnoError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'errno' in error;
}

/** Runs one file operation and turns its errno into a fault with path, operation and account. */
export async function attempt<Value>(
  actor: Actor,
  operation: string,
  path: string,
  act: () => Promise<Value>,
): Promise<Result<Value>> {
  try {
    return succeed(await act());
  } catch (error) {
    if (!isErrno(error)) throw error;
    return fail(faultOfErrno(actor, operation, path, error));
  }
}

/** As `attempt`, for what does not wait. */
export function attemptNow<Value>(actor: Actor, operation: string, path: string, act: () => Value): Result<Value> {
  try {
    return succeed(act());
  } catch (error) {
    if (!isErrno(error)) throw error;
    return fail(faultOfErrno(actor, operation, path, error));
  }
}

/** The fault of one failed system call. */
export function faultOfErrno(actor: Actor, operation: string, path: string, error: ErrnoError): Fault {
  const held = isHeldOnWindows(actor, operation, error);
  const code = held ? 'file-held' : (FAULT_OF_ERRNO[error.code] ?? 'io-error');
  return faultOf(code, `the operating system refused: ${error.code}`, {
    path,
    operation,
    values: { errno: error.code },
    ...(code === 'no-permission' ? { account: actor.account } : {}),
  });
}

/** True where Windows means "another program has it open", which passes by itself. */
export function isHeldOnWindows(actor: Actor, operation: string, error: ErrnoError): boolean {
  return actor.operatingSystem === 'windows' && WINDOWS_HELD_OPERATIONS.has(operation) && WINDOWS_HELD.has(error.code);
}
