import type { Files } from '../files.ts';
import type { InstanceLocks } from '../instance-lock.ts';
import { lockName } from '../node/lock-token.ts';
import { holdSocketName } from '../node/socket-lock.ts';

/** A name in the abstract socket namespace, unix(7): no file, gone with the process whatever ends it. */
export function createLinuxLocks(files: Files): InstanceLocks {
  return {
    acquire: async (stateFolder) => {
      const name = await lockName(files, stateFolder);
      return name.ok ? holdSocketName(`\0${name.value}`, stateFolder) : name;
    },
  };
}
