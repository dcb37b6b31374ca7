import type { ActsAtOnce } from '../platform/acts-at-once.ts';
import type { Clock } from '../platform/clock.ts';
import type { FreeStart } from '../platform/file-space.ts';
import type { Files } from '../platform/files.ts';
import type { OpenListeningSocket } from '../platform/listening-socket.ts';
import type { Log } from '../platform/log.ts';
import type { Machine } from '../platform/machine.ts';
import type { Network } from '../platform/network.ts';
import type { Processes } from '../platform/processes.ts';
import type { ChildLink } from './child/child-link.ts';
import type { RandomBytes } from './random.ts';

/** What supervising one server needs of the machine and of the child protocol. */
export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly files: Files;
  readonly freeStart: FreeStart;
  readonly processes: Processes;
  readonly network: Network;
  readonly machine: Pick<Machine, 'environment' | 'processId' | 'operatingSystem' | 'platform' | 'system'>;
  /** Absent where the system does not answer at once: a restart then takes some turns of the event loop. */
  readonly atOnce?: ActsAtOnce;
  /** Absent where a server cannot be given a socket. */
  readonly openListeningSocket?: OpenListeningSocket;
  readonly link: ChildLink;
  readonly log: Log;
  readonly random: RandomBytes;
}
