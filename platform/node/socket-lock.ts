import { createServer } from 'node:net';
import { faultOf } from '../fault.ts';
import type { InstanceLock } from '../instance-lock.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { isErrno } from './errno.ts';

/** Holds a name of the OS (Linux abstract socket, Windows pipe) that two processes cannot have at once. */
export function holdSocketName(address: string, stateFolder: string): Promise<Result<InstanceLock>> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (!isErrno(error)) reject(error);
      else resolve(fail(faultOfListen(error.code, stateFolder)));
    });
    server.listen(address, () => {
      server.unref();
      const closed = (): Promise<void> => new Promise((done) => server.close(() => done()));
      resolve(succeed({ release: closed }));
    });
  });
}

function faultOfListen(errno: string, stateFolder: string) {
  const running = errno === 'EADDRINUSE' || errno === 'EACCES';
  return faultOf(running ? 'launcher-running' : 'io-error', `another launcher holds the lock: ${errno}`, {
    path: stateFolder,
    operation: 'lock',
    values: { errno },
  });
}
