import type { Fault } from '../platform/fault.ts';
import { adoptServer } from './adopting.ts';
import { type AlarmFacts, createAlarm } from './alarm.ts';
import { createChildRecords } from './child-record.ts';
import type { SupervisorDependencies } from './dependencies.ts';
import { createHandover, exceptOwnSocket } from './handover.ts';
import { createProbeClients } from './probes/probe-clients.ts';
import { runProbes } from './probes/probe-round.ts';
import { createProbeTally, type ProbeFacts } from './probes/probe-tally.ts';
import { serverStopped } from './server-faults.ts';
import { createOutputKeeper } from './output/output-keeper.ts';
import { NO_RESTARTS } from './restart-policy.ts';
import { cancelRestart } from './restarting.ts';
import type { HealthSample, ServerControl } from './server-control.ts';
import type { ServerOptions } from './server-options.ts';
import { startServer } from './starting.ts';
import { createStateStore } from './state-store.ts';
import { stopServer } from './stopping.ts';
import { inBackground, liveRun, type Supervision } from './supervision.ts';
import { orCancelled } from './waiting.ts';

/** The supervised server, which can also be shown as draining while its users are asked out. */
export interface SupervisedServer extends ServerControl {
  /** `true` from the refusal of logins on, `false` when they are let in again. */
  drain(draining: boolean): void;
  /** Failed runs of late, and the alarm that they raised. */
  restarts(): AlarmFacts & { readonly attempt: number };
  /** What each probe saw of the process that lives; nothing while there is none. */
  probes(): readonly ProbeFacts[];
}

/** Makes the control of one server. Nothing happens before `adopt` or `start` is called. */
export function createServerControl(dependencies: SupervisorDependencies, options: ServerOptions): SupervisedServer {
  const supervision = createSupervision(dependencies, options);
  const { store } = supervision;
  const forgetReports = watchReports(supervision);
  return {
    state: () => store.state(),
    adopt: () => {
      supervision.output.look();
      return adoptServer(supervision);
    },
    start: ({ signal, startLimitMs } = {}) => orCancelled(startServer(supervision, startLimitMs), signal),
    stop: ({ signal, reason = 'stop', startsAgain } = {}) =>
      orCancelled(stopServer(supervision, reason, startsAgain), signal),
    hold: (reason) => hold(supervision, reason),
    resume: () => resume(supervision),
    drain: (draining) => store.apply({ kind: draining ? 'drain-began' : 'drain-ended', at: dependencies.clock.now() }),
    sampleHealth: () => sampleHealth(supervision),
    restarts: () => ({ ...supervision.alarm.facts(), attempt: supervision.restarts.attempt }),
    probes: () => (liveRun(supervision) ? supervision.tally.facts() : []),
    counts: () => ({ starts: supervision.starts, crashes: supervision.crashes }),
    subscribe: (listener) => store.subscribe(listener),
    detach: async () => {
      forgetReports();
      supervision.detached.abort();
      if (supervision.activity.kind !== 'idle') await supervision.activity.done;
      await Promise.allSettled(supervision.tasks);
      supervision.handover.release();
      await supervision.probeClients.close();
    },
  };
}

function createSupervision(machine: SupervisorDependencies, options: ServerOptions): Supervision {
  const dependencies = options.handover === undefined ? machine : withoutOwnSocket(machine);
  const detached = new AbortController();
  const { logFolder: folder, logs: limits } = options;
  const store = createStateStore(dependencies.clock, dependencies.log);
  const begin = (work: Promise<unknown>) => inBackground(supervision, work);
  const supervision: Supervision = {
    dependencies,
    options,
    records: createChildRecords(dependencies, options.stateFolder),
    store,
    detached,
    output: createOutputKeeper({ ...dependencies, folder, limits }, detached.signal, begin),
    alarm: createAlarm({
      ...dependencies,
      store,
      folder: options.stateFolder,
      limits: options.crashLoop,
      signal: detached.signal,
      inBackground: begin,
    }),
    handover: createHandover(dependencies, options),
    tally: createProbeTally(dependencies.clock, options),
    probeClients: createProbeClients(dependencies),
    tasks: new Set(),
    startAgain: () => inBackground(supervision, startServer(supervision, undefined)),
    stop: (reason) => stopServer(supervision, reason),
    activity: { kind: 'idle' },
    run: undefined,
    hold: undefined,
    recordLost: false,
    provenGone: undefined,
    restarts: NO_RESTARTS,
    afterCrash: undefined,
    restartPlan: new AbortController(),
    starts: 0,
    crashes: 0,
  };
  return supervision;
}

function withoutOwnSocket(machine: SupervisorDependencies): SupervisorDependencies {
  return { ...machine, processes: exceptOwnSocket(machine.processes, machine.machine.processId) };
}

/** A server often tells its version only after it is ready. */
function watchReports({ dependencies, store }: Supervision): () => void {
  return dependencies.link.onReport(({ version }) => {
    const state = store.state();
    if (version !== undefined && state.kind === 'up' && state.version !== version) {
      store.apply({ kind: 'version-reported', version });
    }
  });
}

function hold(supervision: Supervision, reason: Fault): void {
  supervision.hold = reason;
  // A start or stop under way, or an end that is just being looked into, comes to rest in `held` by itself.
  if (supervision.activity.kind !== 'idle') return;
  const { store, dependencies } = supervision;
  if (store.state().kind === 'waiting') cancelRestart(supervision);
  store.apply({ kind: 'held', at: dependencies.clock.now(), reason });
}

function resume(supervision: Supervision): void {
  supervision.hold = undefined;
  supervision.store.apply({ kind: 'released', at: supervision.dependencies.clock.now() });
  const state = supervision.store.state().kind;
  // `waiting` has its plan already, and an end that is just being looked into gets one.
  if (state === 'stopped' || state === 'stopping') supervision.startAgain();
}

async function sampleHealth(supervision: Supervision): Promise<HealthSample> {
  const run = liveRun(supervision);
  if (!run) return { ready: false, fault: serverStopped(supervision.store.state()) };
  const { fault, latencyMs } = await runProbes(supervision, 'readiness', run);
  const ended = run.life.kind !== 'alive';
  const shown = ended ? serverStopped(supervision.store.state()) : fault;
  return { ready: !shown, ...(shown && { fault: shown }), latencyMs, process: run.process };
}
