import type { Clock } from '../../platform/clock.ts';
import type { Processes, TcpPeer } from '../../platform/processes.ts';

/** A probe of ours opens and closes its connection well within this time; users stay. Milliseconds. */
const PROBE_GONE_MS = 300;

/**
 * The remote ends connected to a port, without our own passing probes; undefined when this machine cannot tell.
 *
 * Probes come over loopback as local users may: only loopback ends that are still there after a moment count.
 */
export async function countPeers(clock: Clock, processes: Processes, port: number): Promise<number | undefined> {
  const first = await processes.tcpPeers(port);
  if (!first?.some(isLoopback)) return first?.length;
  await clock.sleep(PROBE_GONE_MS);
  const second = await processes.tcpPeers(port);
  if (!second) return undefined;
  const before = new Set(first.map(nameOf));
  return second.filter((peer) => !isLoopback(peer) || before.has(nameOf(peer))).length;
}

function isLoopback({ address }: TcpPeer): boolean {
  return /^(127\.|::1$|::ffff:127\.)/i.test(address);
}

function nameOf({ address, port }: TcpPeer): string {
  return `${address} ${port}`;
}
