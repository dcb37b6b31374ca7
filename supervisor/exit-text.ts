import type { ProcessExit } from '../platform/processes.ts';

/** How a process ended, to be put behind a subject: `ended with exit status 3`. */
export function describeExit(exit: ProcessExit): string {
  switch (exit.kind) {
    case 'exited':
      return `ended with exit status ${exit.code}`;
    case 'signalled':
      return `was ended by signal ${exit.signal}`;
    case 'gone':
      return 'ended';
  }
}
