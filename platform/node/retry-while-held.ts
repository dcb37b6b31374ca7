import type { Clock } from '../clock.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { faultOfErrno, isErrno, isHeldOnWindows } from './errno.ts';
import type { Actor } from './errno.ts';

/** Virus scanners and indexers let go within seconds. */
const HELD_RETRIES = 10;
const HELD_PAUSE_MS = 1_000;

/** Like `attempt`, but where Windows says that another program has the entry open, tries again 10 × 1 s. */
export async function retryWhileHeld<Value>(
  actor: Actor,
  clock: Clock,
  operation: string,
  path: string,
  act: () => Promise<Value>,
): Promise<Result<Value>> {
  for (let retry = 0; ; retry += 1) {
    try {
      return succeed(await act());
    } catch (error) {
      if (!isErrno(error)) throw error;
      if (retry >= HELD_RETRIES || !isHeldOnWindows(actor, operation, error)) {
        return fail(faultOfErrno(actor, operation, path, error));
      }
    }
    await clock.sleep(HELD_PAUSE_MS);
  }
}
