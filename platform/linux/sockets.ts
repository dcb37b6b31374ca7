import { readFile } from 'node:fs/promises';
import type { ProcessIdentity, TcpPeer } from '../processes.ts';
import { unlessGone } from './proc.ts';
import type { Proc } from './proc.ts';
import { parseTcpTable } from './proc-net.ts';
import type { TcpLine } from './proc-net.ts';

type PortHolders = (port: number) => Promise<readonly (ProcessIdentity | undefined)[]>;

/**
 * Who listens on a TCP port: its sockets by number, then the processes that have one of them open.
 *
 * A probe asks each two seconds, and looking through the descriptors of all processes costs more than anything else that an
 * idle launcher does: those who held exactly these sockets at the last look are looked at first.
 */
export function createPortHolders(proc: Proc): PortHolders {
  const remembered = new Map<number, readonly ProcessIdentity[]>();
  return async (port) => {
    const lines = ((await tcpLines()) ?? []).filter((line) => line.state === 'listening' && line.localPort === port);
    const sockets = new Set(lines.map((line) => `socket:[${line.inode}]`));
    if (sockets.size === 0) return [];
    const before = await holdersAmong(proc, remembered.get(port) ?? [], sockets);
    if (before.unclaimed === 0) return before.holders;
    const everybody = (await proc.list()).map(({ identity }) => identity);
    const { holders, unclaimed } = await holdersAmong(proc, everybody, sockets);
    if (remembered.size >= REMEMBERED_PORTS) remembered.clear();
    remembered.set(port, holders);
    // A socket that no visible process has: somebody else's, of whom this account is told nothing.
    return unclaimed > 0 ? [...holders, undefined] : holders;
  };
}

const REMEMBERED_PORTS = 100;

async function holdersAmong(
  proc: Proc,
  processes: readonly ProcessIdentity[],
  sockets: ReadonlySet<string>,
): Promise<{ readonly holders: readonly ProcessIdentity[]; readonly unclaimed: number }> {
  const unclaimed = new Set(sockets);
  const holders: ProcessIdentity[] = [];
  for (const { pid } of processes) {
    const held = ((await proc.descriptors(pid)) ?? []).filter((target) => sockets.has(target));
    // Whoever has the pid now: it is the one that holds the socket.
    const identity = held.length > 0 ? proc.read(pid)?.identity : undefined;
    if (identity !== undefined) holders.push(identity);
    for (const target of held) unclaimed.delete(target);
  }
  return { holders, unclaimed: unclaimed.size };
}

/** Remote ends of established connections to a local port; undefined where the kernel shows no table. */
export async function tcpPeers(port: number): Promise<readonly TcpPeer[] | undefined> {
  const lines = await tcpLines();
  return lines
    ?.filter((line) => line.state === 'established' && line.localPort === port)
    .map((line) => ({ address: line.remoteAddress, port: line.remotePort }));
}

async function tcpLines(): Promise<readonly TcpLine[] | undefined> {
  const [v4, v6] = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(unlessGone)),
  );
  if (v4 === undefined && v6 === undefined) return undefined;
  return [...parseTcpTable(v4 ?? ''), ...parseTcpTable(v6 ?? '')];
}
