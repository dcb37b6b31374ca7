import type { Clock } from '../../platform/clock.ts';

/** Time that passes only when nobody has anything to do: runs of hours take milliseconds, and take the same way each time. */
export class VirtualClock {
  /** Since the beginning of the run; goes on while the machine is off. */
  passed = 0;
  private jumped = 0;
  private counter = 0;
  private readonly due: Alarm[] = [];

  /** Whole milliseconds, as a wall clock gives them. */
  now(): number {
    return START_MS + Math.floor(this.passed) + this.jumped;
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(milliseconds: number): void {
    this.jumped += milliseconds;
  }

  /** Calls `ring` after this time; gives what takes it back. */
  after(milliseconds: number, ring: () => void): () => void {
    const alarm: Alarm = { at: this.passed + Math.max(0, milliseconds), order: (this.counter += 1), ring };
    const place = this.due.findLastIndex((other) => other.at <= alarm.at);
    this.due.splice(place + 1, 0, alarm);
    return () => {
      const index = this.due.indexOf(alarm);
      if (index >= 0) this.due.splice(index, 1);
    };
  }

  /** Lets the time pass until the next alarm; false when none is set. */
  ringNext(): boolean {
    const alarm = this.due.shift();
    if (alarm === undefined) return false;
    this.passed = Math.max(this.passed, alarm.at);
    alarm.ring();
    return true;
  }

  /** The clock of one process: its monotonic time begins anywhere, and who has died is not woken. */
  forProcess(isAlive: () => boolean, offsetMs: number): Clock {
    return {
      now: () => this.now(),
      monotonic: () => this.passed + offsetMs,
      sleep: async (milliseconds, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve('aborted');
            return;
          }
          const abort = (): void => {
            cancel();
            resolve('aborted');
          };
          const cancel = this.after(milliseconds, () => {
            signal?.removeEventListener('abort', abort);
            if (isAlive()) resolve('elapsed');
          });
          signal?.addEventListener('abort', abort, { once: true });
        }),
    };
  }
}

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly ring: () => void;
}

const START_MS = Date.UTC(2026, 0, 5, 2, 0, 0);
