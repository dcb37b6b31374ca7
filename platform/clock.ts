/** Time, as a parameter, so that every clock can be played in a test. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For texts and windows only; it may jump. */
  now(): number;
  /** Monotonic milliseconds. Every deadline runs on this. */
  monotonic(): number;
  /** Resolves after `milliseconds`, or at once when `signal` aborts; says which. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<'elapsed' | 'aborted'>;
}
