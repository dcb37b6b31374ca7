import { type Fault, faultOf } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import type { SupervisorDependencies } from './dependencies.ts';
import { survivedFault, sweepLeftovers } from './leftovers.ts';
import { replacePlaceholders } from './placeholders.ts';
import type { ServerOptions } from './server-options.ts';
import type { StopRung } from './server-state.ts';
import { busyWaitMs, KILL_WAIT_MS } from './stop-budget.ts';
import { isAborted, waitAtMost } from './waiting.ts';

export interface LadderTarget {
  readonly process: ProcessIdentity;
  readonly nonce: string;
  readonly exited: Promise<ProcessExit | 'aborted'>;
}

export type LadderOutcome =
  | { readonly kind: 'stopped'; readonly rung: StopRung; readonly exit: ProcessExit }
  /** `exit` when the main process is gone and only something of it is left. */
  | { readonly kind: 'survived'; readonly fault: Fault; readonly exit?: ProcessExit }
  | { readonly kind: 'cancelled' };

/** One climb: what it works on, and where it tells how far it is. */
interface Climb {
  readonly dependencies: SupervisorDependencies;
  readonly options: Pick<ServerOptions, 'start' | 'stop' | 'bundle'>;
  readonly target: LadderTarget;
  readonly reason: string;
  readonly signal: AbortSignal;
  /** `limitMs` is the most that this rung may take. */
  readonly onRung: (rung: StopRung, limitMs: number) => void;
}

const KILL_AGAIN_MS = 100;
/** A server whose backup has just ended still has to close its data: it gets this long, or the request's time if that is less. */
const AFTER_WORK_MS = 5_000;

/** Order → request → kill → prove; each rung only if the server still lives. */
export async function climbStopLadder(climb: Climb): Promise<LadderOutcome> {
  const { dependencies, target } = climb;
  const seen = await dependencies.processes.tree(target.process, target.nonce);
  const asked =
    (await isGone(climb, 'prove')) ??
    (await giveOrder(climb)) ??
    (await makeRequest(climb)) ??
    (await waitForWork(climb));
  const ended = asked === 'spared' ? undefined : (asked ?? (await kill(climb)));
  if (isAborted(climb.signal)) return { kind: 'cancelled' };
  return ended ? prove(climb, ended, seen) : survived(climb, asked === 'spared');
}

interface Ended {
  readonly rung: StopRung;
  readonly exit: ProcessExit;
}

async function isGone(climb: Climb, rung: StopRung): Promise<Ended | undefined> {
  return (await climb.dependencies.processes.isAlive(climb.target.process)) ? undefined : waitEnded(climb, rung, 1_000);
}

/** Waits for the end of the main process on behalf of a rung. */
async function waitEnded(climb: Climb, rung: StopRung, limitMs: number): Promise<Ended | undefined> {
  const exit = await waitAtMost(climb.dependencies.clock, climb.target.exited, limitMs, climb.signal);
  return exit === undefined || exit === 'aborted' ? undefined : { rung, exit };
}

async function giveOrder(climb: Climb): Promise<Ended | undefined> {
  const { dependencies, options, reason, signal } = climb;
  if (!dependencies.link.cooperates() || isAborted(signal)) return undefined;
  climb.onRung('order', options.stop.orderMs);
  void dependencies.link.give({ kind: 'quit', reason }, options.stop.orderMs);
  return waitEnded(climb, 'order', options.stop.orderMs);
}

async function makeRequest(climb: Climb): Promise<Ended | undefined> {
  const { dependencies, options, target, signal } = climb;
  const { request, requestMs } = options.stop;
  if (isAborted(signal)) return undefined;
  climb.onRung('request', requestMs);
  const began = dependencies.clock.monotonic();
  const made =
    request.kind === 'signal'
      ? await dependencies.processes.signal(target.process, request.signal)
      : await runStopCommand(climb, request.command);
  if (!made.ok) dependencies.log.warn('the request to stop the server failed', { fault: made.fault });
  return waitEnded(climb, 'request', requestMs - (dependencies.clock.monotonic() - began));
}

async function runStopCommand(climb: Climb, words: readonly string[]) {
  const { dependencies, options, target, signal } = climb;
  const values = { bundle: options.bundle, pid: String(target.process.pid) };
  const [command = '', ...args] = words.map((word) => replacePlaceholders(word, values));
  return dependencies.processes.run({ command, args, timeoutMs: options.stop.requestMs, signal });
}

/**
 * A backup or a conversion that is cut off costs data: it gets the time of the request once more, and is never killed; nor is
 * a server whose work has only just ended by then.
 */
async function waitForWork(climb: Climb): Promise<Ended | 'spared' | undefined> {
  const { dependencies, options, signal } = climb;
  const { clock } = dependencies;
  const deadline = clock.monotonic() + busyWaitMs(options.stop);
  const graceMs = Math.min(options.stop.requestMs, AFTER_WORK_MS);
  let lastBusyAt = -Infinity;
  for (;;) {
    if (busyWith(climb)) lastBusyAt = clock.monotonic();
    const now = clock.monotonic();
    if (now - lastBusyAt >= graceMs || isAborted(signal)) return undefined;
    if (now >= deadline) return 'spared';
    const ended = await waitEnded(climb, 'request', Math.min(KILL_AGAIN_MS, deadline - now));
    if (ended) return ended;
  }
}

async function kill(climb: Climb): Promise<Ended | undefined> {
  const { dependencies, options, target, signal } = climb;
  if (options.stop.kill === 'never' || busyWith(climb) !== undefined || isAborted(signal)) return undefined;
  climb.onRung('kill', KILL_WAIT_MS);
  const deadline = dependencies.clock.monotonic() + KILL_WAIT_MS;
  while (!isAborted(signal) && dependencies.clock.monotonic() < deadline) {
    // The main process first, so that it does not start its children again; the tree is looked up before, while it hangs together.
    const tree = await dependencies.processes.tree(target.process, target.nonce);
    await dependencies.processes.signal(target.process, 'kill');
    await Promise.all(tree.map((identity) => dependencies.processes.signal(identity, 'kill')));
    const ended = await waitEnded(climb, 'kill', KILL_AGAIN_MS);
    if (ended) return ended;
  }
  return undefined;
}

async function prove(climb: Climb, ended: Ended, seen: readonly ProcessIdentity[]): Promise<LadderOutcome> {
  const { dependencies, options, target, signal } = climb;
  climb.onRung('prove', options.stop.proveMs);
  const swept = await sweepLeftovers(dependencies, {
    nonce: target.nonce,
    seen,
    bundle: options.bundle,
    mayKill: options.stop.kill === 'last-resort' && !mayBeAtWork(climb, ended),
    limitMs: options.stop.proveMs,
    signal,
  });
  if (swept.ok) return { kind: 'stopped', rung: swept.value.killed ? 'kill' : ended.rung, exit: ended.exit };
  if (swept.fault.code === 'cancelled') return { kind: 'cancelled' };
  return { kind: 'survived', fault: swept.fault, exit: ended.exit };
}

/** What outlives a server that reported a backup may be what writes it; one that ended well has ended its work. */
function mayBeAtWork(climb: Climb, { exit }: Ended): boolean {
  const endedWell = exit.kind === 'exited' && exit.code === 0;
  return !endedWell && busyWith(climb) !== undefined;
}

async function survived(climb: Climb, spared: boolean): Promise<LadderOutcome> {
  const { dependencies, target } = climb;
  const tree = await dependencies.processes.tree(target.process, target.nonce);
  const alive = tree.length > 0 ? tree : [target.process];
  const fault = await survivedFault(dependencies, alive, []);
  const busy = busyWith(climb) ?? (spared ? JUST_ENDED : undefined);
  return { kind: 'survived', fault: busy ? { ...fault, cause: busy } : fault };
}

const JUST_ENDED = faultOf('server-survived-stop', 'its backup or conversion had only just ended');

/**
 * Why the server may not be killed now: its backup, or work that moves. A progress text that has stood still for as long as
 * a start may take protects no longer, or a hung conversion could never be taken back.
 */
function busyWith({ dependencies, options }: Climb): Fault | undefined {
  const report = dependencies.link.report();
  if (report?.backupRunning === true) return faultOf('backup-running', 'the server reports that its backup runs');
  const progress = report?.progress ?? '';
  const stoodStillMs = dependencies.clock.monotonic() - (report?.progressAt ?? 0);
  if (progress === '' || stoodStillMs > options.start.limitMs) return undefined;
  return faultOf('server-survived-stop', 'the server reports work that must not be cut off', { values: { progress } });
}
