import { type Fault, faultOf } from '../../platform/fault.ts';
import { isSameProcess, type ProcessIdentity, type Processes } from '../../platform/processes.ts';
import type { Probe } from '../server-options.ts';
import { portOfUrl } from './http.ts';

/** The TCP ports on which the probes expect the server. */
export function probedPorts(probes: readonly Probe[]): readonly number[] {
  const ports = probes.flatMap((probe) => {
    const port = probe.kind === 'tcp' ? probe.port : probe.kind === 'http' ? portOfUrl(probe.url) : undefined;
    return port === undefined ? [] : [port];
  });
  return [...new Set(ports)];
}

/**
 * An answer on the port proves nothing if a stranger holds it: names the stranger, if there is one.
 *
 * Where the OS cannot tell (no holder seen, or one of another account), the server has the benefit of the doubt.
 */
export async function findPortStranger(
  processes: Processes,
  ports: readonly number[],
  server: ProcessIdentity,
  nonce: string,
): Promise<{ readonly port: number; readonly fault: Fault } | undefined> {
  for (const port of ports) {
    const holders = await processes.portHolders(port);
    const known = holders.filter((holder) => holder !== undefined);
    if (known.length === 0 || known.length < holders.length) continue;
    // The usual case, and the cheap one: the tree is looked up by the environment of every process of the machine.
    if (known.some((holder) => isSameProcess(holder, server))) continue;
    const own = new Set((await processes.tree(server, nonce)).map((identity) => identity.pid));
    own.add(server.pid);
    const [stranger] = known;
    if (stranger && !known.some((holder) => own.has(holder.pid))) {
      return { port, fault: await takenBy(processes, port, stranger) };
    }
  }
  return undefined;
}

/** The fault that names who holds a port: program, process and account, or the account alone where the OS hides the rest. */
export async function takenBy(processes: Processes, port: number, holder: ProcessIdentity | undefined): Promise<Fault> {
  if (!holder) return takenByUnseen(port, await processes.portAccounts(port));
  const name = (await processes.nameOf(holder)) ?? 'unknown';
  const account = await processes.accountOf(holder);
  const who = `process ${holder.pid}${account === undefined ? '' : ` of ${account}`}`;
  return faultOf('server-port-taken', `port ${port} is held by another program: ${name} (${who})`, {
    values: { port, holder: name, pid: holder.pid, ...(account !== undefined && { holderAccount: account }) },
  });
}

function takenByUnseen(port: number, accounts: readonly string[]): Fault {
  const who = accounts.length === 0 ? 'another account' : `another account: ${accounts.join(', ')}`;
  return faultOf('server-port-taken', `port ${port} is held by a program of ${who}`, {
    values: { port, ...(accounts.length > 0 && { holderAccount: accounts.join(', ') }) },
  });
}
