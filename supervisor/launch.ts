import { type Fault, faultOf } from '../platform/fault.ts';
import type { ProcessIdentity, SpawnRequest } from '../platform/processes.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { childEnvironment, type LaunchValues, withLaunchValues } from './child-environment.ts';
import { sweepLeftovers } from './leftovers.ts';
import { outputFileIn } from './output/output-names.ts';
import { probedPorts, takenBy } from './probes/port-owner.ts';
import { distinctProbes } from './probes/probe-lists.ts';
import { newNonce } from './random.ts';
import type { ServerRun, Supervision } from './supervision.ts';

export interface Launched {
  readonly process: ProcessIdentity;
  readonly nonce: string;
  readonly outputFile: string;
}

/**
 * Spawns the server: intent on disk, then the process, then its record.
 *
 * Whenever the launcher dies in between, the next one finds the process by the nonce of the intent. A restart after a
 * crash has its intent on disk already, in the record of the run that crashed: it waits for no disk.
 */
export async function launchServer(supervision: Supervision, cancel: AbortSignal): Promise<Result<Launched>> {
  const { dependencies, options, records } = supervision;
  const { afterCrash } = supervision;
  supervision.afterCrash = undefined;
  const outputHeld = afterCrash?.kind === 'to-be-spawned' ? afterCrash.outputHeld : undefined;
  // Asked for now: the disk answers while the processes of the machine are looked through.
  const token = outputHeld && records.readToken();
  const alone = await ensureAlone(supervision, outputHeld && supervision.run, cancel);
  if (!alone.ok) return alone;
  const { last, next } = alone.value;
  const [nonce] = await Promise.all([
    token && next !== undefined ? keepIntent(supervision, token, next, last) : writeIntent(supervision, last),
    // The output gets another name: whoever reads what the run before said last has to hold it first.
    Promise.resolve(outputHeld).then(() => supervision.output.beforeStart()),
  ]);
  if (!nonce.ok) return nonce;
  const socket = await supervision.handover.socket();
  if (!socket.ok) return socket;
  if (cancel.aborted) return fail(faultOf('cancelled', 'the start was cancelled'));
  const spawned = await dependencies.processes.spawnDetached({
    ...spawnRequest(supervision, nonce.value),
    ...(socket.value && { socket: socket.value }),
  });
  if (!spawned.ok) return spawned;
  const launched = { process: spawned.value, nonce: nonce.value, outputFile: outputFileIn(options.logFolder) };
  await recordLaunch(supervision, launched);
  return succeed(launched);
}

/** What follows each spawn of the server, whoever did it. */
export async function recordLaunch(supervision: Supervision, launched: Launched): Promise<void> {
  const { dependencies, records, output } = supervision;
  output.look();
  await writeRunning(supervision, launched);
  dependencies.log.info('the server was started', { pid: launched.process.pid, tokenFile: records.tokenFile });
}

/** Notes which process is the server; without it the next launcher still finds it by the nonce. */
export async function writeRunning(
  { dependencies, records }: Pick<Supervision, 'dependencies' | 'records'>,
  launched: Launched,
  readyAfterMs?: number,
): Promise<void> {
  const { pid, startTime, bootId } = launched.process;
  const { nonce, outputFile } = launched;
  const written = await records.writeRunning({
    nonce,
    bootId,
    pid,
    startTime,
    outputFile,
    tokenFile: records.tokenFile,
    // Written with what has to be written anyway, so that a restart need not wait for its intent.
    ...(readyAfterMs !== undefined && { readyAfterMs, next: newNonce(dependencies.random) }),
  });
  if (!written.ok) dependencies.log.error('the record of the server cannot be written', { fault: written.fault });
}

/** Nonces of a record: of the last start, and of the restart that it announces. */
interface Announced {
  readonly last?: string;
  readonly next?: string;
}

/**
 * Never two servers: nothing of the start before may live. Returns what the record announces, if there is one.
 *
 * @param crashed this run has just ended: its survivors are looked for while the record is read
 */
async function ensureAlone(
  supervision: Supervision,
  crashed: ServerRun | undefined,
  signal: AbortSignal,
): Promise<Result<Announced>> {
  const { records, run, provenGone, dependencies } = supervision;
  const reading = records.read();
  const survivors = crashed && (await dependencies.processes.findByNonce(crashed.nonce));
  const found = await reading;
  if (found.kind === 'lost') supervision.recordLost = true;
  if (supervision.recordLost) {
    const taken = await findHolderOfPorts(supervision);
    if (taken) return fail(taken);
    supervision.recordLost = false;
  }
  if (found.kind !== 'found') return succeed({});
  const { record } = found;
  const next = record.kind === 'running' ? record.next : undefined;
  // What was announced for after a run that this launcher has watched to its end, nobody has begun.
  const watched = run?.nonce === record.nonce || provenGone === record.nonce;
  const begun = next === undefined || watched ? [record.nonce] : [record.nonce, next];
  const proven = survivors?.length === 0 ? crashed?.nonce : provenGone;
  for (const nonce of begun.filter((one) => one !== proven)) {
    const swept = await sweepStart(supervision, nonce, signal);
    if (!swept.ok) return swept;
  }
  return succeed({ last: record.nonce, ...(next !== undefined && { next }) });
}

async function sweepStart(
  { dependencies, options }: Supervision,
  nonce: string,
  signal: AbortSignal,
): Promise<Result<unknown>> {
  if ((await dependencies.processes.findByNonce(nonce)).length === 0) return succeed();
  const mayKill = options.stop.kill === 'last-resort';
  const limitMs = options.stop.proveMs;
  return sweepLeftovers(dependencies, { nonce, seen: [], mayKill, limitMs, signal });
}

/** Without a record only the port can tell that an earlier server lives. */
async function findHolderOfPorts({ dependencies, options }: Supervision): Promise<Fault | undefined> {
  for (const port of probedPorts(distinctProbes(options))) {
    const holder = (await dependencies.processes.portHolders(port)).find((found) => found !== undefined);
    if (holder) return takenBy(dependencies.processes, port, holder);
  }
  return undefined;
}

/**
 * Makes the start findable before it happens, and renews the token of the child protocol.
 *
 * When nothing can be written any more (disk full), the intent and token of the start before serve again: they are
 * on disk, and that start is proven to be over. Starting must not depend on free space.
 */
async function writeIntent(supervision: Supervision, previous: string | undefined): Promise<Result<string>> {
  const { dependencies, records } = supervision;
  const self = await dependencies.processes.identify(dependencies.machine.processId);
  const nonce = newNonce(dependencies.random);
  const token = await dependencies.link.renew();
  // Both must be on disk before the spawn, in whichever order: their flushes are most of the time that a restart takes.
  const [intended, tokenKept] = await Promise.all([
    records.writeIntent(nonce, self?.bootId ?? 'unknown'),
    records.writeToken(token),
  ]);
  if (!intended.ok && previous === undefined) return intended;
  const kept = intended.ok ? tokenKept : intended;
  if (kept.ok) return succeed(nonce);
  dependencies.log.error('the intent to start cannot be written; what the disk has serves', { fault: kept.fault });
  const earlier = await records.readToken();
  if (earlier.ok) dependencies.link.restore(earlier.value);
  if (intended.ok || previous === undefined) return succeed(nonce);
  // A write that failed at its very end has replaced the record all the same: the next launcher looks for that nonce.
  const found = await records.read();
  return succeed(found.kind === 'found' ? found.record.nonce : previous);
}

/**
 * The restart that the record announces. Its token is that of the run before, of which nothing lives any more; a token that
 * cannot be read is made anew.
 */
async function keepIntent(
  supervision: Supervision,
  reading: Promise<Result<string>>,
  next: string,
  last: string | undefined,
): Promise<Result<string>> {
  const token = await reading;
  if (!token.ok) return writeIntent(supervision, last);
  supervision.dependencies.link.restore(token.value);
  return succeed(next);
}

/** How the server is started, with this nonce. */
export function spawnRequest({ dependencies, options, records }: Supervision, nonce: string): SpawnRequest {
  const values: LaunchValues = {
    bundle: options.bundle,
    launcherUrl: options.launcherUrl(),
    tokenFile: records.tokenFile,
    nonce,
  };
  return {
    command: withLaunchValues(options.command, values),
    args: options.args.map((argument) => withLaunchValues(argument, values)),
    workingDirectory: withLaunchValues(options.workingDirectory, values),
    environment: childEnvironment(dependencies.machine.environment, options.environment, values),
    outputFile: outputFileIn(options.logFolder),
  };
}
