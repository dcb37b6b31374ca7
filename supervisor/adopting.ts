import type { ProcessIdentity } from '../platform/processes.ts';
import { readPatiently } from '../platform/record-file.ts';
import { judgeRecord } from './adoption.ts';
import type { ChildRecord } from './child-record.ts';
import type { Launched } from './launch.ts';
import { writeRunning } from './launch.ts';
import { outputFileIn } from './output/output-names.ts';
import { probedPorts, takenBy } from './probes/port-owner.ts';
import { distinctProbes } from './probes/probe-lists.ts';
import { runProbes } from './probes/probe-round.ts';
import { endedRun, watchRun } from './running.ts';
import { beginStart } from './starting.ts';
import { inBackground, isIdle, liveRun, type ServerRun, type Supervision } from './supervision.ts';
import { becomeReady, watchHealth } from './watching.ts';

/** Finds and watches the server of an earlier launcher; undefined when there is none. */
export async function adoptServer(supervision: Supervision): Promise<ProcessIdentity | undefined> {
  while (supervision.activity.kind !== 'idle') await supervision.activity.done;
  const present = liveRun(supervision);
  if (present) return present.process;
  const { promise: done, resolve } = Promise.withResolvers<undefined>();
  supervision.activity = { kind: 'adopting', done };
  let run: ServerRun | undefined;
  try {
    run = await findRun(supervision);
  } finally {
    supervision.activity = { kind: 'idle' };
    resolve(undefined);
  }
  // Not ready yet, or not any more: wait for it as for a start, without holding the launcher's own start up.
  if (run?.life.kind === 'alive' && run.readiness.kind === 'pending' && isIdle(supervision)) {
    inBackground(supervision, beginStart(supervision, undefined));
  }
  return run?.process;
}

async function findRun(supervision: Supervision): Promise<ServerRun | undefined> {
  const { dependencies, options } = supervision;
  // Within the adoption: a start that comes meanwhile waits for it, and the alarm is known before the server is up.
  await supervision.alarm.load();
  const record = await findRecord(supervision);
  if (record === undefined) return undefined;
  const verdict = await judgeRecord(dependencies.processes, record, probedPorts(distinctProbes(options)));
  switch (verdict.kind) {
    case 'gone':
      return undefined;
    case 'leftovers': {
      const [process] = verdict.processes;
      // `stop` proves it gone, `start` sweeps it away first; nothing is killed only because the launcher started.
      if (process) supervision.run = endedRun(supervision, launchedOf(supervision, record, process));
      dependencies.log.warn('the server is gone, but processes of it still live', { processes: verdict.processes });
      return undefined;
    }
    case 'adopt':
      return takeOver(supervision, record, verdict);
  }
}

async function findRecord(supervision: Supervision): Promise<ChildRecord | undefined> {
  const { records, dependencies, detached } = supervision;
  // Without its record a server that runs is not found.
  const found = await readPatiently(() => records.read(), dependencies.clock, detached.signal);
  if (found.kind === 'none') return undefined;
  const record = found.kind === 'found' ? found.record : await recoverRecord(supervision);
  if (record === undefined) {
    supervision.recordLost = true;
    await reportStrangers(supervision);
  }
  return record;
}

/**
 * The record is lost, but the server still carries what it was started with: our token file and the nonce of its start.
 * That says as much as an intent. Of two starts neither is taken for the server.
 */
async function recoverRecord({ dependencies, records }: Supervision): Promise<ChildRecord | undefined> {
  const [nonce, another] = await dependencies.processes.noncesOf(records.tokenFile);
  const self = await dependencies.processes.identify(dependencies.machine.processId);
  if (nonce === undefined || another !== undefined || self === undefined) return undefined;
  dependencies.log.warn('the record of the server is lost; its process was found by its environment');
  return { schema: 1, kind: 'intent', nonce, bootId: self.bootId };
}

async function takeOver(
  supervision: Supervision,
  record: ChildRecord,
  { process, nonce }: { readonly process: ProcessIdentity; readonly nonce: string },
): Promise<ServerRun> {
  const { dependencies, options, store } = supervision;
  await restoreToken(supervision);
  const run = watchRun(supervision, { ...launchedOf(supervision, record, process), nonce });
  const at = dependencies.clock.now();
  store.apply({ kind: 'adopted', at, process, deadline: at + options.start.limitMs });
  store.tell({ kind: 'adopted', process, at });
  // What is known of the run before says nothing about a restart that has not been recorded.
  const readyAfterMs = record.kind === 'running' && record.nonce === nonce ? record.readyAfterMs : undefined;
  run.wasReady = readyAfterMs !== undefined;
  const { fault } = await runProbes(supervision, run.wasReady ? 'readiness' : 'startup', run);
  if (run.life.kind === 'ended') return run;
  if (!fault) {
    becomeReady(supervision, run, readyAfterMs ?? 0);
    watchHealth(supervision, run);
  }
  await writeRunning(supervision, run, readyAfterMs);
  return run;
}

/** A server reads its token from the file, so where that is damaged or gone a new one serves both. */
async function restoreToken({ dependencies: { link, log }, records }: Supervision): Promise<void> {
  const token = await records.readToken();
  if (token.ok) {
    link.restore(token.value);
    return;
  }
  log.warn('the token of the adopted server cannot be read', { fault: token.fault });
  if (!['record-corrupt', 'not-found', 'too-large', 'path-refused'].includes(token.fault.code)) return;
  const renewed = await records.writeToken(await link.renew());
  log.warn('the server gets a new token', renewed.ok ? {} : { fault: renewed.fault });
}

function launchedOf({ options }: Supervision, record: ChildRecord, process: ProcessIdentity): Launched {
  const outputFile = record.kind === 'running' ? record.outputFile : outputFileIn(options.logFolder);
  return { process, nonce: record.nonce, outputFile };
}

/** Without its record a server cannot be told from a stranger; say who holds its ports. */
async function reportStrangers({ dependencies, options }: Supervision): Promise<void> {
  for (const port of probedPorts(distinctProbes(options))) {
    for (const holder of await dependencies.processes.portHolders(port)) {
      if (holder) dependencies.log.error((await takenBy(dependencies.processes, port, holder)).detail);
    }
  }
}
