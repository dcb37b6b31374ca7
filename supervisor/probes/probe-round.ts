import type { Fault } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { Probe } from '../server-options.ts';
import type { ServerRun, Supervision } from '../supervision.ts';
import { probeCommand } from './command.ts';
import { probeCooperative } from './cooperative.ts';
import { probeHttp } from './http.ts';
import { findPortStranger, probedPorts } from './port-owner.ts';
import { distinctProbes, keyOf, type ProbeKind, probesFor } from './probe-lists.ts';
import { probeTcp } from './tcp.ts';

/** What one round saw, for each kind that was asked for: the first fault of its probes, if any; of the slowest, the latency. */
export interface RoundOutcome {
  readonly faults: Readonly<Partial<Record<ProbeKind, Fault>>>;
  readonly latencyMs: number;
}

/** The process that is judged, and what ends with it. */
type Judged = Pick<ServerRun, 'process' | 'nonce' | 'watch'>;

/** Asks every probe of these kinds once, all at the same time, then whether it was our own server that answered. */
export async function runRound(
  supervision: Supervision,
  kinds: readonly ProbeKind[],
  server: Judged,
): Promise<RoundOutcome> {
  const { dependencies, options } = supervision;
  const began = dependencies.clock.monotonic();
  const results = await askAll(supervision, distinctProbes(options, kinds), server.watch.signal);
  const latencyMs = dependencies.clock.monotonic() - began;
  const failed = kinds.map((kind) => ({ kind, fault: firstFault(probesFor(options, kind), results) }));
  const passed = kinds.filter((kind) => failed.every((one) => one.kind !== kind || !one.fault));
  const stranger = await findStranger(supervision, passed, server);
  const faults = failed.map(({ kind, fault }) => [kind, fault ?? stranger.get(kind)] as const);
  return { faults: Object.fromEntries(faults.filter(([, fault]) => fault !== undefined)), latencyMs };
}

/** One round of one kind. */
export async function runProbes(
  supervision: Supervision,
  kind: ProbeKind,
  server: Judged,
): Promise<{ readonly fault?: Fault; readonly latencyMs: number }> {
  const { faults, latencyMs } = await runRound(supervision, [kind], server);
  const fault = faults[kind];
  return fault ? { fault, latencyMs } : { latencyMs };
}

async function askAll(
  supervision: Supervision,
  probes: readonly Probe[],
  ended: AbortSignal,
): Promise<ReadonlyMap<string, Result<void>>> {
  const { clock } = supervision.dependencies;
  const answers = probes.map(async (probe) => {
    const began = clock.monotonic();
    const result = await runProbe(supervision, probe, ended);
    // What ended with the server says nothing about the next one, which may run by now.
    if (!ended.aborted) supervision.tally.note(probe, result, clock.monotonic() - began);
    return [keyOf(probe), result] as const;
  });
  return new Map(await Promise.all(answers));
}

function firstFault(probes: readonly Probe[], results: ReadonlyMap<string, Result<void>>): Fault | undefined {
  const failed = probes.map((probe) => results.get(keyOf(probe))).find((result) => result?.ok === false);
  return failed?.ok === false ? failed.fault : undefined;
}

/** A stranger's answer fails every kind whose probes ask on the stranger's port. */
async function findStranger(
  { dependencies, options }: Supervision,
  kinds: readonly ProbeKind[],
  server: Judged,
): Promise<ReadonlyMap<ProbeKind, Fault>> {
  const ports = probedPorts(distinctProbes(options, kinds));
  const found = await findPortStranger(dependencies.processes, ports, server.process, server.nonce);
  if (!found) return new Map();
  const fooled = kinds.filter((kind) => probedPorts(probesFor(options, kind)).includes(found.port));
  return new Map(fooled.map((kind) => [kind, found.fault]));
}

async function runProbe(
  { dependencies, probeClients }: Supervision,
  probe: Probe,
  ended: AbortSignal,
): Promise<Result<void>> {
  switch (probe.kind) {
    case 'tcp':
      return probeTcp(dependencies.network, probe);
    case 'http':
      return probeHttp(probeClients, dependencies.clock, probe);
    case 'cooperative':
      return probeCooperative(dependencies.link);
    case 'command':
      return probeCommand(dependencies.processes, probe, ended);
  }
}
