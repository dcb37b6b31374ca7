import type { Fault } from '../platform/fault.ts';
import { faultOf } from '../platform/fault.ts';
import type { ProcessIdentity, Processes } from '../platform/processes.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import type { SupervisorDependencies } from './dependencies.ts';

/** Processes of the server that outlive its main process get this long to end by themselves, milliseconds. */
const UNASKED_MS = 2_000;
/** Shares of the whole limit: a short limit is still divided between waiting, asking and killing. */
const UNASKED_SHARE = 1 / 6;
const KILLED_SHARE = 2 / 3;
const LOOK_EVERY_MS = 50;
const NAMED_AT_MOST = 5;

export interface SweepOptions {
  /** The nonce of the start whose processes must be gone. */
  readonly nonce: string;
  /** Processes seen in its tree while it lived: some may have dropped the nonce. */
  readonly seen: readonly ProcessIdentity[];
  /** If given, nothing may be open below this path at the end. */
  readonly bundle?: string;
  readonly mayKill: boolean;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Proves that nothing is left of a server whose main process is gone: no process, no file of the bundle held.
 *
 * What is left is waited for, then asked to end like the server itself (terminate), and killed only in the last third of the
 * limit, if that is allowed: it may be what writes a backup. `server-survived-stop` names what remains; the value says whether
 * something had to be killed.
 */
export async function sweepLeftovers(
  dependencies: SupervisorDependencies,
  options: SweepOptions,
): Promise<Result<{ readonly killed: boolean }>> {
  const { clock, processes } = dependencies;
  const began = clock.monotonic();
  const askAfterMs = Math.min(UNASKED_MS, options.limitMs * UNASKED_SHARE);
  const asked = new Set<string>();
  let killed = false;
  for (;;) {
    const survivors = await findSurvivors(dependencies, options);
    const holders =
      survivors.length > 0 || options.bundle === undefined ? [] : await findHolders(dependencies, options.bundle);
    if (survivors.length === 0 && holders.length === 0) return succeed({ killed });
    const waited = clock.monotonic() - began;
    if (options.signal.aborted) return fail(faultOf('cancelled', 'the launcher let go of the server'));
    if (waited >= options.limitMs) return fail(await survivedFault(dependencies, survivors, holders));
    if (survivors.length > 0 && options.mayKill && waited >= options.limitMs * KILLED_SHARE) {
      await Promise.all(survivors.map((survivor) => processes.signal(survivor, 'kill')));
      killed = true;
    } else if (waited >= askAfterMs) {
      await askToEnd(processes, survivors, asked);
    }
    await clock.sleep(LOOK_EVERY_MS, options.signal);
  }
}

/** Each once: a second request may cut short what the first one began. */
async function askToEnd(
  processes: Processes,
  survivors: readonly ProcessIdentity[],
  asked: Set<string>,
): Promise<void> {
  const next = survivors.filter(({ pid, startTime }) => !asked.has(`${pid}/${startTime}`));
  for (const { pid, startTime } of next) asked.add(`${pid}/${startTime}`);
  await Promise.all(next.map((survivor) => processes.signal(survivor, 'terminate')));
}

/** The fault that names processes which should be gone, and those that hold files of the bundle. */
export async function survivedFault(
  { processes }: SupervisorDependencies,
  survivors: readonly ProcessIdentity[],
  holders: readonly Holder[],
): Promise<Fault> {
  const living = await Promise.all(
    survivors.slice(0, NAMED_AT_MOST).map(async (identity) => ({ identity, name: await processes.nameOf(identity) })),
  );
  const named = (survivors.length > 0 ? living : holders.slice(0, NAMED_AT_MOST))
    .map(({ identity, name }) => `${name ?? 'unknown'} (process ${identity.pid})`)
    .join(', ');
  const detail =
    survivors.length > 0 ? `still running: ${named}` : `files of the server's folder are still held by ${named}`;
  return faultOf('server-survived-stop', detail, { values: { survivors: named } });
}

interface Holder {
  readonly identity: ProcessIdentity;
  readonly name: string;
}

async function findSurvivors(
  { processes }: SupervisorDependencies,
  { nonce, seen }: SweepOptions,
): Promise<readonly ProcessIdentity[]> {
  const alive = await Promise.all(seen.map(async (identity) => ((await processes.isAlive(identity)) ? identity : [])));
  const byPid = new Map([...alive.flat(), ...(await processes.findByNonce(nonce))].map((found) => [found.pid, found]));
  return [...byPid.values()];
}

/** The launcher itself may live inside the bundle's folder and does not count. */
async function findHolders({ processes, machine }: SupervisorDependencies, bundle: string): Promise<readonly Holder[]> {
  return (await processes.holdersOf(bundle)).filter(({ identity }) => identity.pid !== machine.processId);
}
