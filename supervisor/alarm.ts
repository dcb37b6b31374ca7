import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { Fault } from '../platform/fault.ts';
import type { Files } from '../platform/files.ts';
import type { Log } from '../platform/log.ts';
import { readOrSetAside } from '../platform/record-file.ts';
import { AlarmFile, type AlarmRecord, encodeAlarm } from './alarm-record.ts';
import type { ServerState } from './server-state.ts';
import type { CrashLoopOptions } from './server-options.ts';
import type { StateStore } from './state-store.ts';

/** The failed runs of late, and whether people were told that the server does not stay up. */
export interface Alarm {
  /** Learns of an alarm that an earlier launcher raised. */
  load(): Promise<void>;
  /** A run ended by itself, or could not begin. */
  noteFailure(cause: Fault): void;
  /** The server will not come up soon: tells, unless that was told. */
  raise(cause: Fault): void;
  facts(): AlarmFacts;
}

export interface AlarmFacts {
  /** Failed runs within the window that ends now. */
  readonly crashes: number;
  readonly windowMs: number;
  /** Wall-clock milliseconds; absent while there is no alarm. */
  readonly alarmSince?: number;
}

export interface AlarmParts {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  readonly store: StateStore;
  readonly folder: string;
  readonly limits: CrashLoopOptions;
  /** Ends all waits. */
  readonly signal: AbortSignal;
  readonly inBackground: (work: Promise<unknown>) => void;
}

const ALARM_RECORD = { schema: AlarmFile, limit: 4_096 };

/** The failures that still count at `now`; all times monotonic milliseconds. Pure. */
export function withinWindow(failures: readonly number[], now: number, windowMs: number): readonly number[] {
  return failures.filter((at) => now - at < windowMs);
}

/**
 * One alarm for one trouble: raised when `limits.crashes` runs failed within the window, over once the server has been up for a
 * whole window without a break. An alarm lies on disk, so that the next launcher neither repeats nor forgets it.
 */
export function createAlarm(parts: AlarmParts): Alarm {
  const { clock, limits, store } = parts;
  const path = join(parts.folder, 'server-alarm.json');
  let failures: readonly number[] = [];
  let raised: AlarmRecord | undefined;
  let stable: AbortController | undefined;

  const recent = () => (failures = withinWindow(failures, clock.monotonic(), limits.windowMs)).length;
  const raise = (cause: Fault) => {
    if (raised) return;
    const since = clock.now();
    raised = { since };
    parts.inBackground(keep(parts, path, raised));
    store.tell({ kind: 'alarm-raised', since, crashes: recent(), windowMs: limits.windowMs, cause, at: since });
  };
  const endWhenStable = async (signal: AbortSignal) => {
    if ((await clock.sleep(limits.windowMs, AbortSignal.any([signal, parts.signal]))) !== 'elapsed' || !raised) return;
    const { since } = raised;
    raised = undefined;
    failures = [];
    store.tell({ kind: 'alarm-over', since, at: clock.now() });
    await parts.files.remove(path);
  };
  store.subscribe((event) => {
    if (event.kind !== 'state') return;
    if (!isFine(event.state)) {
      stable?.abort();
      stable = undefined;
    } else if (raised && !stable) {
      stable = new AbortController();
      parts.inBackground(endWhenStable(stable.signal));
    }
  });
  return {
    load: async () => {
      // Without it an alarm is told once more: better than a launcher that does not start.
      const found = await readOrSetAside(parts, { path, ...ALARM_RECORD });
      if (!found.ok) parts.log.error('the record of the alarm cannot be read', { fault: found.fault });
      raised ??= found.ok ? found.value : undefined;
    },
    noteFailure: (cause) => {
      failures = [...failures, clock.monotonic()];
      if (recent() >= limits.crashes) raise(cause);
    },
    raise,
    facts: () => ({ crashes: recent(), windowMs: limits.windowMs, ...(raised && { alarmSince: raised.since }) }),
  };
}

/** An alarm that cannot be kept was told all the same; a next launcher might tell it again. */
async function keep({ files, log }: AlarmParts, path: string, record: AlarmRecord): Promise<void> {
  const written = await files.writeDurably(path, encodeAlarm(record), 0o600);
  if (!written.ok) log.warn('the alarm cannot be kept on disk', { fault: written.fault });
}

function isFine({ kind }: ServerState): boolean {
  return kind === 'up' || kind === 'draining';
}
