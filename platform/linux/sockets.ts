import { readFile } from 'node:fs/promises';
import type { ProcessIdentity, TcpPeer } from '../processes.ts';
import { unlessGone } from './proc.ts';
import type { Proc } from './proc.ts';
import { parseTcpTable } from './proc-net.ts';
import type { TcpLine } from './proc-net.ts';

/** Who listens on a TCP port: its sockets by number, then the processes that have one of them open. */
export async function portHolders(proc: Proc, port: number): Promise<readonly (ProcessIdentity | undefined)[]> {
  const listening = ((await tcpLines()) ?? []).filter((line) => line.state === 'listening' && line.localPort === port);
  const unclaimed = new Set(listening.map((line) => `socket:[${line.inode}]`));
  const holders: (ProcessIdentity | undefined)[] = [];
  if (unclaimed.size === 0) return holders;
  const wanted = new Set(unclaimed);
  for (const { identity } of await proc.list()) {
    const held = ((await proc.descriptors(identity.pid)) ?? []).filter((target) => wanted.has(target));
    if (held.length > 0) holders.push(identity);
    for (const target of held) unclaimed.delete(target);
  }
  // A socket that no visible process has: somebody else's, of whom this account is told nothing.
  return unclaimed.size > 0 ? [...holders, undefined] : holders;
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
