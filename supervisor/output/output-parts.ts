import type { Clock } from '../../platform/clock.ts';
import type { FreeStart } from '../../platform/file-space.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { LogLimits } from '../server-options.ts';
import type { Catalogue } from './catalogue.ts';

/** What keeping the output needs; shared by the parts of it. */
export interface OutputParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly freeStart: FreeStart;
  readonly folder: string;
  readonly limits: LogLimits;
}

/** What the keeper knows from one look to the next. */
export interface KeeperState {
  catalogue: Catalogue | undefined;
  /** Monotonic. */
  budgetAt: number;
  /** Whether this file system can give the start of a file back. */
  cutting: 'untried' | 'possible' | 'impossible';
}
