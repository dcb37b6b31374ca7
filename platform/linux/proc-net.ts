import type { TcpPeer } from '../processes.ts';

/** One line of /proc/net/tcp or tcp6, proc_pid_net(5). */
export interface TcpLine {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: 'established' | 'listening' | 'other';
  readonly inode: string;
  /** Of whom opened it. */
  readonly uid: number;
}

/** State numbers of the kernel's include/net/tcp_states.h. */
const STATE_OF_NUMBER: Readonly<Record<string, TcpLine['state']>> = { '01': 'established', '0A': 'listening' };

/**
 * The lines of one local port. A busy machine's table has thousands of others, of which nothing is decoded; what is no connection
 * (the heading) is left out.
 */
export function parseTcpTable(text: string, localPort: number): readonly TcpLine[] {
  const needle = `:${localPort.toString(16).toUpperCase().padStart(4, '0')} `;
  const lines: TcpLine[] = [];
  let end = 0;
  for (let found = text.indexOf(needle); found >= 0; found = text.indexOf(needle, end)) {
    end = text.indexOf('\n', found);
    if (end < 0) end = text.length;
    const line = parseLine(text.slice(text.lastIndexOf('\n', found) + 1, end));
    // The port may also have been the other side's.
    if (line?.localPort === localPort) lines.push(line);
  }
  return lines;
}

function parseLine(line: string): TcpLine | undefined {
  const fields = line.trim().split(/\s+/);
  const [, local, remote, state] = fields;
  const inode = fields[9];
  if (local === undefined || remote === undefined || state === undefined || inode === undefined) return undefined;
  const here = parseEndpoint(local);
  const there = parseEndpoint(remote);
  if (here === undefined || there === undefined) return undefined;
  return {
    localPort: here.port,
    remoteAddress: there.address,
    remotePort: there.port,
    state: STATE_OF_NUMBER[state] ?? 'other',
    inode,
    uid: Number(fields[7]),
  };
}

function parseEndpoint(text: string): TcpPeer | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { address: parseAddress(match[1]), port: Number.parseInt(match[2], 16) };
}

/** The kernel prints each 32-bit word of the address in the machine's own (little-endian) order. */
function parseAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const isMappedV4 = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (isMappedV4) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return compressZeros(groups);
}

/** RFC 5952 section 4.2: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function compressZeros(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
