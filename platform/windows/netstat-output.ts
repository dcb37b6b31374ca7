import type { TcpPeer } from '../processes.ts';

interface NetstatLine {
  readonly local: TcpPeer;
  readonly remote: TcpPeer;
  readonly pid: number;
}

/**
 * Decodes `netstat -ano`: protocol, local, remote, state, pid.
 *
 * The words for states are translated by Windows ("ABHÖREN"), so a listener is told by its remote port 0 and an established
 * connection by a remote port and a pid: connections that linger after their end (TIME_WAIT) belong to pid 0.
 */
function parseNetstat(text: string): readonly NetstatLine[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [protocol, local, remote] = fields;
    if (protocol !== 'TCP' || fields.length < 5) return [];
    const here = splitEndpoint(local);
    const there = splitEndpoint(remote);
    const pid = Number(fields.at(-1));
    return here === undefined || there === undefined || !Number.isInteger(pid)
      ? []
      : [{ local: here, remote: there, pid }];
  });
}

export function listenersOfNetstat(text: string, port: number): readonly number[] {
  const lines = parseNetstat(text).filter((line) => line.local.port === port && line.remote.port === 0);
  return [...new Set(lines.map((line) => line.pid))];
}

export function peersOfNetstat(text: string, port: number): readonly TcpPeer[] {
  return parseNetstat(text)
    .filter((line) => line.local.port === port && line.remote.port !== 0 && line.pid !== 0)
    .map((line) => line.remote);
}

function splitEndpoint(text: string | undefined): TcpPeer | undefined {
  const match = /^\[?(.+?)\]?:(\d+)$/.exec(text ?? '');
  if (match?.[1] === undefined) return undefined;
  return { address: match[1].replace(/%\d+$/, ''), port: Number(match[2]) };
}
