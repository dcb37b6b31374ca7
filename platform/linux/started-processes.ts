import { NONCE_VARIABLE } from '../node/process-observer.ts';
import type { ProcessIdentity } from '../processes.ts';
import type { Proc } from './proc.ts';

/** Live processes that were started with this nonce. */
export function carriersOf(proc: Proc, nonce: string): readonly ProcessIdentity[] {
  return proc.startedWith(`${NONCE_VARIABLE}=${nonce}`).map(({ identity }) => identity);
}

/** Of a child that was started this instant and may have ended already. */
export function identifyStarted(proc: Proc, pid: number): ProcessIdentity {
  return proc.read(pid)?.identity ?? { pid, startTime: 'ended', bootId: 'ended' };
}
