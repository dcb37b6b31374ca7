import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** Where the local admin channel of a state folder is. */
export type SocketPlace =
  | { readonly kind: 'pipe'; readonly path: string }
  /** A Unix socket in `folder`, which is closed to other accounts. */
  | { readonly kind: 'socket'; readonly path: string; readonly folder: string }
  /** The state folder's path is too long for a socket: it lies in `folder`, and the file `pointer` says so. */
  | { readonly kind: 'elsewhere'; readonly path: string; readonly folder: string; readonly pointer: string };

/** Longest path of a socket, bytes without the final zero (`sun_path`: unix(7) 108, macOS unix(4) 104). */
const PATH_BYTES = { linux: 107, macos: 103, windows: 0 } as const;

const SOCKET_NAME = 'admin.sock';
const POINTER_BYTES = 1024;

/** Says where the launcher listens for local admins; launcher and CLI come to the same answer. Pure. */
export function socketPathOf(
  machine: Pick<Machine, 'operatingSystem' | 'temporaryFolder' | 'elevated'>,
  stateFolder: string,
): SocketPlace {
  const { operatingSystem } = machine;
  const hash = createHash('sha256').update(stateFolder).digest('hex').slice(0, 20);
  if (operatingSystem === 'windows') return { kind: 'pipe', path: `\\\\.\\pipe\\om-launcher-${hash}` };
  const folder = join(stateFolder, 'local');
  const path = join(folder, SOCKET_NAME);
  if (Buffer.byteLength(path) <= PATH_BYTES[operatingSystem]) return { kind: 'socket', path, folder };
  const base = machine.elevated ? '/var/run' : machine.temporaryFolder;
  const shortFolder = join(base, `om-launcher-${hash}`);
  const pointer = join(stateFolder, 'admin-socket');
  return { kind: 'elsewhere', path: join(shortFolder, SOCKET_NAME), folder: shortFolder, pointer };
}

/**
 * The path to connect to. Where the socket lies outside the state folder, only the file in the state folder is
 * believed: anybody could have made a socket at the computed place.
 *
 * Errors: `launcher-absent` when there is no such file, `no-permission` when it may not be read.
 */
export async function findSocket(
  files: Pick<Files, 'readText'>,
  machine: Pick<Machine, 'operatingSystem' | 'temporaryFolder' | 'elevated'>,
  stateFolder: string,
): Promise<Result<string>> {
  const place = socketPathOf(machine, stateFolder);
  if (place.kind !== 'elsewhere') return succeed(place.path);
  const noted = await files.readText(place.pointer, POINTER_BYTES);
  if (noted.ok) return succeed(noted.value.trim());
  return noted.fault.code === 'not-found'
    ? fail(faultOf('launcher-absent', 'no launcher runs for this state folder', { path: stateFolder }))
    : noted;
}
