import type { HelperCommand } from '../node/helper-command.ts';
import type { Proc } from './proc.ts';

/** Where the C library's own tool lies; it also knows accounts of a directory service (nsswitch.conf(5)). */
const GETENT = '/usr/bin/getent';

/** Names of accounts by their number. */
export type AccountName = (uid: number) => Promise<string>;

export function createAccountName(helper: HelperCommand): AccountName {
  return async (uid) => {
    const line = await helper(GETENT, ['passwd', String(uid)]);
    const name = line?.slice(0, line.indexOf(':')).trim();
    // A container may run under a number that has no name.
    return name === undefined || name === '' ? `uid ${uid}` : name;
  };
}

/** The effective account of a process, proc_pid_status(5): the owner of /proc/PID is root for programs that changed theirs. */
export async function accountNumberOf(proc: Proc, pid: number): Promise<number | undefined> {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec((await proc.text(pid, 'status')) ?? '')?.[1];
  return uid === undefined ? undefined : Number(uid);
}
