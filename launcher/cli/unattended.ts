import type { Application } from '../api/application.ts';
import type { ApiClient } from '../api/client.ts';
import type { StatusView } from '../api/schemas.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { silentLog } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { createChildRecords, identityOf } from '../../supervisor/child-record.ts';
import { explainFault } from '../texts/explain.ts';
import { say } from '../texts/messages.ts';
import { type VerbContext, withLauncher } from './context.ts';

/** Asks the running launcher; when nobody is home the state on disk answers, through the same composition. */
export async function askOrRead<Value>(
  context: VerbContext,
  question: (client: ApiClient) => Promise<Result<Value>>,
  read: (application: Application) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const answer = await withLauncher(context, question);
  if (answer.ok || answer.fault.code !== 'launcher-absent') return answer;
  return readState(context, read);
}

async function readState<Value>(
  { platform, loaded }: VerbContext,
  read: (application: Application) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  // Loaded only when needed: the whole launcher behind it takes longer than most verbs.
  const { openReader } = await import('../wiring/launcher.ts');
  const reader = openReader(platform, loaded, silentLog);
  try {
    return await read(reader.application);
  } finally {
    await reader.close();
  }
}

/** The status of a server whose launcher does not run: what the disk and the process table know. */
export interface UnattendedStatus extends Omit<StatusView, 'launcherProcessId' | 'state'> {
  /** Is there a process of the server? Nobody watches whether it answers. */
  readonly state: 'unattended' | 'stopped';
}

/** `absence` is why the launcher could not be asked. */
export async function unattendedStatus(context: VerbContext, absence: Fault): Promise<Result<UnattendedStatus>> {
  const { language } = context.voice;
  const known = await readState(context, async (application) => succeed(await application.status(language)));
  if (!known.ok) return known;
  const processId = await liveServer(context);
  const { name, version, launcherVersion, rollbackTo, update, warnings, lastCrash } = known.value;
  return succeed({
    name,
    state: processId === undefined ? 'stopped' : 'unattended',
    launcherVersion,
    warnings,
    error: {
      code: 'launcher-absent',
      ...explainFault(faultOf('launcher-absent', absence.detail), language, serverNow(context, processId)),
      lang: language,
    },
    ...(version === undefined ? {} : { version }),
    ...(processId === undefined ? {} : { processId }),
    ...(rollbackTo === undefined ? {} : { rollbackTo }),
    ...(update === undefined ? {} : { update }),
    ...(lastCrash === undefined ? {} : { lastCrash }),
  });
}

function serverNow({ voice: { language } }: VerbContext, processId: number | undefined): string {
  const sentence =
    processId === undefined
      ? say(language, 'verdict.server-down')
      : say(language, 'cli.unattended', { process: processId });
  return sentence.replace(/\.$/, '');
}

async function liveServer({ platform, loaded }: VerbContext): Promise<number | undefined> {
  const { stateFolder } = loaded.configuration;
  const found = await createChildRecords({ ...platform, log: silentLog }, stateFolder).look();
  if (found.kind !== 'found' || found.record.kind !== 'running') return undefined;
  const alive = await platform.processes.isAlive(identityOf(found.record));
  return alive ? found.record.pid : undefined;
}
