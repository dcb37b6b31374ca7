import type { FileFacts } from './files.ts';
import type { ProcessIdentity, SpawnRequest } from './processes.ts';
import type { Result } from './result.ts';

/**
 * What the machine does without a turn of the event loop, where its system answers at once: all that a restart after a crash
 * needs between the end of one server and the start of the next (decision 0022).
 *
 * Each act is the one of the same name of `Files` or `Processes`, with the same faults. It blocks whoever calls it: for a few
 * small files and one look at the processes, never for more.
 */
export interface ActsAtOnce {
  facts(path: string): Result<FileFacts | undefined>;
  readText(path: string, limit: number): Result<string>;
  list(path: string): Result<readonly string[]>;
  /**
   * A file gets another name, never one that is taken (`already-exists`). Unlike `Files.renameNew` it does not wait until the disk
   * holds the new name: for files whose content is not waited for either.
   */
  renameFile(from: string, to: string): Result<void>;
  findByNonce(nonce: string): readonly ProcessIdentity[];
  /** Without a socket to hand over. Returns once the program runs or was refused. */
  spawnDetached(request: SpawnRequest): Result<ProcessIdentity>;
}
