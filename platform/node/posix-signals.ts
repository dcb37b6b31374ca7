import type { SignalName } from '../processes.ts';
import { isErrno } from './errno.ts';

/** signal(7). */
export const POSIX_SIGNALS: Readonly<Record<SignalName, NodeJS.Signals>> = {
  interrupt: 'SIGINT',
  terminate: 'SIGTERM',
  kill: 'SIGKILL',
  'hang-up': 'SIGHUP',
};

/** Kills the process group of a child of ours that was not reaped yet, so that the number is surely its own. */
export function killPosixGroup(leader: number): Promise<void> {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error)) throw error; // ESRCH: ended by itself just now
  }
  return Promise.resolve();
}
