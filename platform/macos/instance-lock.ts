import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { faultOf } from '../fault.ts';
import type { InstanceLocks } from '../instance-lock.ts';
import { fail, succeed } from '../result.ts';
import { faultOfErrno, isErrno } from '../node/errno.ts';
import type { Actor } from '../node/errno.ts';

/** open(2) of macOS: takes flock(2)'s exclusive lock together with the open; Node has no name for it. */
const O_EXLOCK = 0x20;

/** An exclusive lock on the file `lock` of the state folder; the kernel drops it with the last descriptor. */
export function createMacosLocks(actor: Actor): InstanceLocks {
  return {
    acquire: (stateFolder) => Promise.resolve(acquire(actor, join(stateFolder, 'lock'))),
  };
}

function acquire(actor: Actor, path: string) {
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
    const descriptor = openSync(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_EXLOCK, 0o600);
    let held = true;
    const release = (): Promise<void> => {
      if (held) closeSync(descriptor);
      held = false;
      return Promise.resolve();
    };
    return succeed({ release });
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code !== 'EAGAIN') return fail(faultOfErrno(actor, 'lock', path, error));
    return fail(faultOf('launcher-running', 'another launcher holds the lock', { path, operation: 'lock' }));
  }
}
