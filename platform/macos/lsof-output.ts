import type { TcpPeer } from '../processes.ts';

/** Pids in the field output of `lsof -F p` (one field a line, its letter first). lsof(8), OUTPUT FOR OTHER PROGRAMS. */
export function pidsOfLsof(text: string): readonly number[] {
  const pids = text.split('\n').flatMap((line) => (/^p\d+$/.test(line) ? [Number(line.slice(1))] : []));
  return [...new Set(pids)];
}

/** Remote ends in `netstat -anp tcp` of established connections to a local port; address and port are joined by a dot. */
export function peersOfNetstat(text: string, port: number): readonly TcpPeer[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, , , local, remote, state] = line.trim().split(/\s+/);
    if (!protocol?.startsWith('tcp') || state !== 'ESTABLISHED') return [];
    const here = splitEndpoint(local);
    const there = splitEndpoint(remote);
    return here?.port === port && there !== undefined ? [there] : [];
  });
}

function splitEndpoint(text: string | undefined): TcpPeer | undefined {
  const match = /^(.+)\.(\d+)$/.exec(text ?? '');
  return match?.[1] === undefined ? undefined : { address: match[1], port: Number(match[2]) };
}
