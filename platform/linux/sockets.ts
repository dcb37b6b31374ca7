import { isSameProcess, type ProcessIdentity, type TcpPeer } from '../processes.ts';
import { readNow } from './proc.ts';
import type { Descriptor, Proc } from './proc.ts';
import { parseTcpTable } from './proc-net.ts';
import type { TcpLine } from './proc-net.ts';

type PortHolders = (port: number) => Promise<readonly (ProcessIdentity | undefined)[]>;

/**
 * Who listens on a TCP port: its sockets by number, then the processes that have one of them open.
 *
 * A probe asks each two seconds, and looking through the descriptors of all processes costs more than anything else that an
 * idle launcher does: the descriptors that led to these sockets at the last look are looked at first, and alone. The next
 * dearest is the kernel's walk through its table of connections: while those descriptors lead to the very sockets that
 * listened, nobody has given the port up, and the table is only asked now and then who has joined them.
 */
export function createPortHolders(proc: Proc, now: () => number = () => performance.now()): PortHolders {
  const remembered = new Map<number, Remembered>();
  return async (port) => {
    const known = remembered.get(port);
    if (known !== undefined && now() - known.at < TABLE_EVERY_MS) {
      const still = stillHolding(proc, known.holdings, known.sockets);
      if (still !== undefined) return still;
    }
    const lines = (tcpLines(port) ?? []).filter((line) => line.state === 'listening');
    const sockets = new Set(lines.map((line) => `socket:[${line.inode}]`));
    if (sockets.size === 0) return [];
    const before = stillHolding(proc, known?.holdings ?? [], sockets);
    if (known !== undefined && before !== undefined) {
      remembered.set(port, { holdings: known.holdings, sockets, at: now() });
      return before;
    }
    const { holdings, unclaimed } = await holdingsOf(proc, sockets);
    if (remembered.size >= REMEMBERED_PORTS) remembered.clear();
    if (unclaimed === 0) remembered.set(port, { holdings, sockets, at: now() });
    else remembered.delete(port);
    const holders = holdings.map(({ holder }) => holder);
    // A socket that no visible process has: somebody else's, of whom this account is told nothing.
    return unclaimed > 0 ? [...holders, undefined] : holders;
  };
}

const REMEMBERED_PORTS = 100;
const TABLE_EVERY_MS = 30_000;

interface Remembered {
  readonly holdings: readonly Holding[];
  readonly sockets: ReadonlySet<string>;
  /** When the table was asked; monotonic milliseconds. */
  readonly at: number;
}

/** A process and its descriptors that lead to the sockets of a port. */
interface Holding {
  readonly holder: ProcessIdentity;
  readonly descriptors: readonly Descriptor[];
}

/** The holders as remembered, if each still is the same process and all of the sockets are theirs. */
function stillHolding(
  proc: Proc,
  holdings: readonly Holding[],
  sockets: ReadonlySet<string>,
): readonly ProcessIdentity[] | undefined {
  const unclaimed = new Set(sockets);
  for (const { holder, descriptors } of holdings) {
    for (const { number, target } of descriptors) {
      if (proc.descriptor(holder.pid, number) === target) unclaimed.delete(target);
    }
    const now = proc.read(holder.pid)?.identity;
    if (now === undefined || !isSameProcess(now, holder)) return undefined;
  }
  return unclaimed.size === 0 ? holdings.map(({ holder }) => holder) : undefined;
}

async function holdingsOf(
  proc: Proc,
  sockets: ReadonlySet<string>,
): Promise<{ readonly holdings: readonly Holding[]; readonly unclaimed: number }> {
  const unclaimed = new Set(sockets);
  const holdings: Holding[] = [];
  for (const { identity } of proc.list()) {
    const held = ((await proc.descriptors(identity.pid)) ?? []).filter(({ target }) => sockets.has(target));
    // Whoever has the pid now: it is the one that holds the socket.
    const holder = held.length > 0 ? proc.read(identity.pid)?.identity : undefined;
    if (holder !== undefined) holdings.push({ holder, descriptors: held });
    for (const { target } of held) unclaimed.delete(target);
  }
  return { holdings, unclaimed: unclaimed.size };
}

/** Numbers of the accounts that listen on a port; the kernel tells everybody. */
export function listeningAccounts(port: number): readonly number[] {
  const lines = (tcpLines(port) ?? []).filter((line) => line.state === 'listening');
  return [...new Set(lines.map((line) => line.uid))];
}

/** Remote ends of established connections to a local port; undefined where the kernel shows no table. */
export function tcpPeers(port: number): Promise<readonly TcpPeer[] | undefined> {
  const lines = tcpLines(port)?.filter((line) => line.state === 'established');
  return Promise.resolve(lines?.map((line) => ({ address: line.remoteAddress, port: line.remotePort })));
}

/** What the kernel tells of a local port; undefined where it shows no table. */
function tcpLines(port: number): readonly TcpLine[] | undefined {
  const [v4, v6] = [readNow('/proc/net/tcp'), readNow('/proc/net/tcp6')];
  if (v4 === undefined && v6 === undefined) return undefined;
  return [...parseTcpTable(v4 ?? '', port), ...parseTcpTable(v6 ?? '', port)];
}
