import type { Result } from './result.ts';

/** A lock held by the OS for this process: it dies with it, so that no stale lock can ever block a start. */
export interface InstanceLock {
  release(): Promise<void>;
}

export interface InstanceLocks {
  /** `launcher-running` when another live process holds the lock of this state folder. */
  acquire(stateFolder: string): Promise<Result<InstanceLock>>;
}
