import { type Fault, type FaultCode, faultOf } from '../../platform/fault.ts';
import { probedPorts, takenBy } from '../probes/port-owner.ts';
import { distinctProbes } from '../probes/probe-lists.ts';
import type { Supervision } from '../supervision.ts';

/** What keeps the server from running and can be looked at without starting it; undefined when it is not there (any more). */
export type Condition = (supervision: Supervision) => Promise<Fault | undefined>;

const NAMED_AT_MOST = 3;

/** A port of the server is held, and not by something that the server itself left behind. */
export async function portTaken(supervision: Supervision): Promise<Fault | undefined> {
  const { processes } = supervision.dependencies;
  for (const port of probedPorts(distinctProbes(supervision.options))) {
    const holders = await processes.portHolders(port);
    if (holders.length === 0) continue;
    const own = await ownProcesses(supervision);
    const [stranger] = holders.filter((holder) => holder === undefined || !own.has(holder.pid));
    if (stranger) return takenBy(processes, port, stranger);
    if (holders.includes(undefined)) return takenBy(processes, port, undefined);
  }
  return undefined;
}

/** A volume that the server writes to has next to nothing left. */
export async function diskFull({ dependencies, options }: Supervision): Promise<Fault | undefined> {
  const { minimumFreeBytes, dataPaths } = options.causes;
  for (const path of new Set([options.logFolder, options.stateFolder, ...dataPaths])) {
    const space = await dependencies.files.space(path);
    if (space.ok && space.value.freeBytes < minimumFreeBytes) {
      const { freeBytes } = space.value;
      const detail = `${freeBytes} bytes are free, ${minimumFreeBytes} are the least a server is started with`;
      return faultOf('server-disk-full', detail, { path, values: { freeBytes, neededBytes: minimumFreeBytes } });
    }
  }
  return undefined;
}

/** Another program has something of the server's data open. */
export async function dataHeld(supervision: Supervision): Promise<Fault | undefined> {
  const { dependencies, options } = supervision;
  for (const path of options.causes.dataPaths) {
    const holders = await dependencies.processes.holdersOf(path);
    if (holders.length === 0) continue;
    const own = await ownProcesses(supervision);
    const strangers = holders.filter(({ identity }) => !own.has(identity.pid));
    if (strangers.length === 0) continue;
    const holder = strangers
      .slice(0, NAMED_AT_MOST)
      .map(({ identity, name }) => `${name} (process ${identity.pid})`)
      .join(', ');
    return faultOf('server-data-held', `held by ${holder}`, { path, values: { holder } });
  }
  return undefined;
}

/** The launcher, and what carries the nonce of the last start: the next start sweeps that away itself. */
async function ownProcesses({ dependencies, run }: Supervision): Promise<ReadonlySet<number>> {
  const { processes, machine } = dependencies;
  const left = run ? await processes.findByNonce(run.nonce) : [];
  return new Set([machine.processId, ...left.map(({ pid }) => pid)]);
}

const CONDITIONS: Partial<Readonly<Record<FaultCode, Condition>>> = {
  'server-port-taken': portTaken,
  'server-disk-full': diskFull,
  'server-data-held': dataHeld,
};

/** The look that tells whether this cause is still there; undefined for causes that only a start can try. */
export function conditionOf(cause: Fault): Condition | undefined {
  // The server found no space where we see some, by a quota for example: looking would see it for ever.
  if (cause.code === 'server-disk-full' && cause.values?.['freeBytes'] === undefined) return undefined;
  return CONDITIONS[cause.code];
}

const NEED_A_PERSON: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'server-licence-missing',
  'server-quit-early',
  'server-disk-full',
  'server-data-held',
]);

/** No quick start removes this cause. */
export function needsPerson(cause: Fault): boolean {
  return NEED_A_PERSON.has(cause.code);
}
