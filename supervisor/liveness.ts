import { type Fault, faultOf } from '../platform/fault.ts';
import type { ProcessExit } from '../platform/processes.ts';
import { recordCrash } from './crashes/record-crash.ts';
import { probedPorts } from './probes/port-owner.ts';
import { distinctProbes } from './probes/probe-lists.ts';
import { scheduleRestart } from './restarting.ts';
import { countPeers } from './sessions/peer-count.ts';
import { REPORT_FRESH_MS } from './sessions/sessions.ts';
import { hasMoved, lookAtProgress, type ProgressSnapshot } from './start-progress.ts';
import { readyFor, type ServerRun, type Supervision } from './supervision.ts';

/** What is to be done with a server that has been unwell for long. */
export type LivenessVerdict =
  | { readonly kind: 'restart'; readonly why: 'idle' | 'port-lost' }
  /** Waiting is better than ending what may be at work. */
  | { readonly kind: 'wait'; readonly why: WaitReason };

export type WaitReason = 'at-work' | 'backup' | 'users' | 'users-unknown' | 'never-ready' | 'survived' | 'switched-off';

/** One time of being unwell, over its failed rounds. */
export interface Illness {
  readonly rounds: number;
  /** Rounds in a row in which nothing of the tree moved. */
  readonly stillRounds: number;
  readonly stillSince: ProgressSnapshot;
  readonly last: ProgressSnapshot;
}

/** Share of one processor below which a tree stands still; one that is starved by others still gets more. */
const STILL_SHARE = 0.02;

/** Looks at the tree once more at the end of a failed round. */
export async function noteFailedRound(
  { dependencies }: Supervision,
  run: ServerRun,
  before: Illness | undefined,
): Promise<Illness> {
  const now = await lookAtProgress(dependencies, run);
  if (!before) return { rounds: 1, stillRounds: 0, stillSince: now, last: now };
  // Each look against the one before and against the first: neither a short effort nor a slow one is overlooked.
  const moved = movedBetween(before.last, now) || movedBetween(before.stillSince, now);
  return {
    rounds: before.rounds + 1,
    stillRounds: moved ? 0 : before.stillRounds + 1,
    stillSince: moved ? now : before.stillSince,
    last: now,
  };
}

/** Fewer processor seconds than before: a process of the tree has ended, so that something is going on. */
function movedBetween(before: ProgressSnapshot, after: ProgressSnapshot): boolean {
  return after.cpuMs < before.cpuMs || hasMoved(before, after, STILL_SHARE);
}

/** Restarts only what has nothing to lose: an idle server, or one whose port nobody holds; anything else waits. */
export async function judgeUnwell(
  supervision: Supervision,
  run: ServerRun,
  illness: Illness,
): Promise<LivenessVerdict> {
  const { dependencies, options } = supervision;
  const { liveness } = options.health;
  const report = dependencies.link.report();
  if (liveness.restart === 'never') return wait('switched-off');
  if (!run.wasReady) return wait('never-ready');
  if (report?.backupRunning === true || report?.progress !== undefined) return wait('backup');
  const users = await seeUsers(supervision);
  if (users === 'some') return wait('users');
  if (await hasLostPort(supervision)) return { kind: 'restart', why: 'port-lost' };
  if (illness.stillRounds < liveness.failures - 1) return wait('at-work');
  return users === 'none' ? { kind: 'restart', why: 'idle' } : wait('users-unknown');
}

function wait(why: WaitReason): LivenessVerdict {
  return { kind: 'wait', why };
}

/** A last report that is old still counts when it knows of users: they may work on. */
async function seeUsers({ dependencies, options }: Supervision): Promise<'none' | 'some' | 'unknown'> {
  const { clock, processes, link } = dependencies;
  const { usersPort } = options.health.liveness;
  const report = link.report();
  const reported = report?.sessions?.length;
  const connected = usersPort === undefined ? undefined : await countPeers(clock, processes, usersPort);
  if ((reported ?? 0) > 0 || (connected ?? 0) > 0) return 'some';
  if (connected === 0) return 'none';
  return reported === 0 && clock.monotonic() - (report?.sessionsAt ?? 0) <= REPORT_FRESH_MS ? 'none' : 'unknown';
}

/** Nobody listens on any of its ports. One that a stranger took over would not come back by a restart. */
async function hasLostPort({ dependencies, options }: Supervision): Promise<boolean> {
  const ports = probedPorts(distinctProbes(options, ['readiness', 'liveness']));
  const holders = await Promise.all(ports.map((port) => dependencies.processes.portHolders(port)));
  return ports.length > 0 && holders.every((found) => found.length === 0);
}

/** The fault that the state shows while a server that is unwell for long is left alone. */
export function leftAloneFault(why: WaitReason, rounds: number, cause: Fault): Fault {
  return faultOf('server-unhealthy', `unwell for ${rounds} rounds and left alone: ${LEFT_ALONE[why]}`, {
    values: { ...cause.values, leftAlone: why },
    cause,
  });
}

const LEFT_ALONE: Readonly<Record<WaitReason, string>> = {
  'at-work': 'its processes are at work',
  backup: 'it reports a backup, a conversion or other progress',
  users: 'users are connected',
  'users-unknown': 'nobody can tell whether users are connected',
  'never-ready': 'it has never been ready',
  survived: 'it could not be stopped',
  'switched-off': 'restarts of a running server are switched off',
};

/** Down the whole stop ladder, then up again by the restart policy; false when the server could not be stopped. */
export async function restartUnwell(
  supervision: Supervision,
  run: ServerRun,
  why: 'idle' | 'port-lost',
  fault: Fault,
): Promise<boolean> {
  const { dependencies } = supervision;
  const readyMs = readyFor(supervision, run);
  const because = why === 'idle' ? 'it hung and was idle' : 'it lived but had lost its port';
  dependencies.log.error('the server is restarted', { because, code: fault.code, detail: fault.detail });
  const stopping = supervision.stop(`restart: ${because}`);
  // Whoever orders a stop meanwhile takes the restart back.
  const takenBack = supervision.restartPlan.signal;
  const stopped = await stopping;
  if (!stopped.ok) return false;
  await noteEnd(supervision, run, stopped.value.exit, `${because}: ${fault.detail}`);
  if (!takenBack.aborted) scheduleRestart(supervision, readyMs, () => Promise.resolve(fault));
  return true;
}

async function noteEnd(supervision: Supervision, run: ServerRun, exit: ProcessExit, because: string): Promise<void> {
  supervision.crashes += 1;
  await recordCrash(supervision, run, exit, because).lines;
}
