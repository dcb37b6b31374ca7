import type { Files } from '../files.ts';
import type { InstanceLocks } from '../instance-lock.ts';
import { lockName } from '../node/lock-token.ts';
import { holdSocketName } from '../node/socket-lock.ts';

/** The first instance of a named pipe (FILE_FLAG_FIRST_PIPE_INSTANCE): closed by the system when its process ends. */
export function createWindowsLocks(files: Files): InstanceLocks {
  return {
    acquire: async (stateFolder) => {
      const name = await lockName(files, stateFolder);
      return name.ok ? holdSocketName(`\\\\.\\pipe\\${name.value}`, stateFolder) : name;
    },
  };
}
