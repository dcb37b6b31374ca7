import type { Fault } from '../../platform/fault.ts';
import type { ProcessIdentity } from '../../platform/processes.ts';
import type { Result } from '../../platform/result.ts';
import type { SupervisorDependencies } from '../dependencies.ts';
import type { Probe } from '../server-options.ts';
import { probeCommand } from './command.ts';
import { probeCooperative } from './cooperative.ts';
import { probeHttp } from './http.ts';
import { findPortStranger, probedPorts } from './port-owner.ts';
import { probeTcp } from './tcp.ts';

/** What one round of all probes saw; latency in milliseconds, of the slowest probe. */
export interface RoundOutcome {
  readonly fault?: Fault;
  readonly latencyMs: number;
}

/** Asks all probes at the same time, then whether it was our own server that answered. The first fault counts. */
export async function runProbes(
  dependencies: SupervisorDependencies,
  probes: readonly Probe[],
  server: { readonly process: ProcessIdentity; readonly nonce: string },
): Promise<RoundOutcome> {
  const { clock, processes } = dependencies;
  const began = clock.monotonic();
  const results = await Promise.all(probes.map((probe) => runProbe(dependencies, probe)));
  const latencyMs = clock.monotonic() - began;
  const failed = results.find((result) => !result.ok);
  if (failed) return { fault: failed.fault, latencyMs };
  const stranger = await findPortStranger(processes, probedPorts(probes), server.process, server.nonce);
  return stranger ? { fault: stranger, latencyMs } : { latencyMs };
}

async function runProbe(dependencies: SupervisorDependencies, probe: Probe): Promise<Result<void>> {
  switch (probe.kind) {
    case 'tcp':
      return probeTcp(dependencies.network, probe);
    case 'http':
      return probeHttp(dependencies.network, dependencies.clock, probe);
    case 'cooperative':
      return probeCooperative(dependencies.link);
    case 'command':
      return probeCommand(dependencies.processes, probe);
  }
}
