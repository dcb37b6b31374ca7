import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { Probe, ServerOptions } from '../server-options.ts';
import { distinctProbes, keyOf, nameOfProbe, PROBE_KINDS, type ProbeKind, probesFor } from './probe-lists.ts';

/** What one probe saw of the running process, for people. */
export interface ProbeFacts {
  readonly name: string;
  /** What it is asked for. */
  readonly kinds: readonly ProbeKind[];
  readonly passed: boolean;
  /** Results like the last one, without another between. */
  readonly inARow: number;
  /** Wall clock of the first of them, milliseconds. */
  readonly since: number;
  readonly latencyMs: number;
  /** Why it failed the last time. */
  readonly fault?: Fault;
}

/** Counts what each probe saw, for as long as one process lives. */
export interface ProbeTally {
  note(probe: Probe, result: Result<void>, latencyMs: number): void;
  /** Of the probes that were tried so far, in the order of the configuration. */
  facts(): readonly ProbeFacts[];
  /** Another process is to be judged. */
  reset(): void;
}

type Count = Pick<ProbeFacts, 'passed' | 'inARow' | 'since' | 'latencyMs' | 'fault'>;

export function createProbeTally(clock: Clock, options: Pick<ServerOptions, 'probes' | 'health'>): ProbeTally {
  const probes = distinctProbes(options);
  const counts = new Map<string, Count>();
  return {
    note(probe, result, latencyMs) {
      const before = counts.get(keyOf(probe));
      const goesOn = before?.passed === result.ok;
      counts.set(keyOf(probe), {
        passed: result.ok,
        inARow: goesOn ? before.inARow + 1 : 1,
        since: goesOn ? before.since : clock.now(),
        latencyMs,
        ...(!result.ok && { fault: result.fault }),
      });
    },
    facts: () =>
      probes.flatMap((probe) => {
        const count = counts.get(keyOf(probe));
        return count === undefined ? [] : [{ name: nameOfProbe(probe), kinds: kindsOf(options, probe), ...count }];
      }),
    reset: () => counts.clear(),
  };
}

function kindsOf(options: Pick<ServerOptions, 'probes' | 'health'>, probe: Probe): readonly ProbeKind[] {
  const key = keyOf(probe);
  return PROBE_KINDS.filter((kind) => probesFor(options, kind).some((one) => keyOf(one) === key));
}
