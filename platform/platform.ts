import type { ActsAtOnce } from './acts-at-once.ts';
import type { Clock } from './clock.ts';
import type { FreeStart } from './file-space.ts';
import type { Files } from './files.ts';
import type { FolderWatches } from './folder-watch.ts';
import type { InstanceLocks } from './instance-lock.ts';
import type { OpenListeningSocket } from './listening-socket.ts';
import type { Log } from './log.ts';
import type { Machine } from './machine.ts';
import type { Network } from './network.ts';
import type { Processes } from './processes.ts';
import type { ServiceManager } from './service-manager.ts';

/** All of the machine, as one parameter for the composition root; rooms take only the parts they use. */
export interface Platform {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly files: Files;
  readonly freeStart: FreeStart;
  readonly processes: Processes;
  /** Absent where the system does not answer at once. */
  readonly atOnce?: ActsAtOnce;
  readonly network: Network;
  readonly locks: InstanceLocks;
  /** Absent when no service manager started this process, or when it does not listen. */
  readonly serviceManager?: ServiceManager;
  /** Absent where a child cannot be given a socket. */
  readonly openListeningSocket?: OpenListeningSocket;
  /** Watches over small folders; what cannot be watched is told to `log`. */
  folderWatches(log: Log): FolderWatches;
}
