import type { Fault } from '../platform/fault.ts';
import { faultOf } from '../platform/fault.ts';
import type { ProcessIdentity } from '../platform/processes.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import type { SupervisorDependencies } from './dependencies.ts';

/** Processes of the server that outlive its main process get this long to end by themselves, milliseconds. */
const GRACE_MS = 2_000;
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
 * What is left gets a short grace, then is killed if that is allowed. `server-survived-stop` names what remains;
 * the value says whether something had to be killed.
 */
export async function sweepLeftovers(
  dependencies: SupervisorDependencies,
  options: SweepOptions,
): Promise<Result<{ readonly killed: boolean }>> {
  const { clock, processes } = dependencies;
  const began = clock.monotonic();
  const graceMs = Math.min(GRACE_MS, options.limitMs / 2);
  let killed = false;
  for (;;) {
    const survivors = await findSurvivors(dependencies, options);
    const holders =
      survivors.length > 0 || options.bundle === undefined ? [] : await findHolders(dependencies, options.bundle);
    if (survivors.length === 0 && holders.length === 0) return succeed({ killed });
    const waited = clock.monotonic() - began;
    if (options.signal.aborted) return fail(faultOf('cancelled', 'the launcher let go of the server'));
    if (waited >= options.limitMs) return fail(await survivedFault(dependencies, survivors, holders));
    if (options.mayKill && waited >= graceMs && survivors.length > 0) {
      await Promise.all(survivors.map((survivor) => processes.signal(survivor, 'kill')));
      killed = true;
    }
    await clock.sleep(LOOK_EVERY_MS, options.signal);
  }
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
