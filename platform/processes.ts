import type { ListeningSocket } from './listening-socket.ts';
import type { Result } from './result.ts';

/** A process that cannot be mistaken for another: a pid alone is recycled, this is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** As the OS counts it (Linux: field 22 of /proc/PID/stat). Opaque; compare only. */
  readonly startTime: string;
  /** Changes at every boot of the machine. Opaque; compare only. */
  readonly bootId: string;
}

/** None and none are the same. */
export function isSameProcess(one: ProcessIdentity | undefined, other: ProcessIdentity | undefined): boolean {
  return one?.pid === other?.pid && one?.startTime === other?.startTime && one?.bootId === other?.bootId;
}

export type ProcessExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** The process is gone and was not our child, so nobody told us how. */
  | { readonly kind: 'gone' };

export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** The whole environment of the child, not an addition. */
  readonly environment: Readonly<Record<string, string>>;
  /** Standard output and error are appended here by the OS; never a pipe of ours (promise 7). */
  readonly outputFile: string;
  /**
   * A listening socket that the child gets as a service manager hands it over: descriptor 3, and `LISTEN_PID`, `LISTEN_FDS` and
   * `LISTEN_FDNAMES` in its environment (sd_listen_fds(3)). Not on Windows.
   */
  readonly socket?: Pick<ListeningSocket, 'descriptor'>;
}

export interface RunRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Bytes of output kept of each stream; the rest is dropped. Default 64 KiB. */
  readonly outputLimit?: number;
  readonly input?: string;
  /** Leaves standard input open behind `input`: the command sees its end when this process ends, however it ends. */
  readonly holdInput?: boolean;
  /** Told standard output as it comes, beyond any `outputLimit`. */
  readonly onOutput?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface RunOutcome {
  readonly exit: ProcessExit;
  readonly output: string;
  readonly errorOutput: string;
}

export type SignalName = 'interrupt' | 'terminate' | 'kill' | 'hang-up';

export interface TcpPeer {
  readonly address: string;
  readonly port: number;
}

/** What the tree of a process costs; undefined fields are unknown on this OS. */
export interface TreeUsage {
  readonly processes: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly ioBytes?: number;
}

export interface Processes {
  /** Starts a child in a session of its own that survives this process. Resolves when it runs (not when it is ready). */
  spawnDetached(request: SpawnRequest): Promise<Result<ProcessIdentity>>;
  /** Runs a short command to its end, output captured; kills its tree at the time-out (`timed-out`). */
  run(request: RunRequest): Promise<Result<RunOutcome>>;
  /** The identity of a live (not zombie) process now, if there is one. */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  isAlive(identity: ProcessIdentity): Promise<boolean>;
  /** Resolves when the process is gone: at once for a child of ours and where the OS tells, by identity poll otherwise; 'aborted' when `signal` fires. */
  waitForExit(identity: ProcessIdentity, signal?: AbortSignal): Promise<ProcessExit | 'aborted'>;
  /** Signals exactly this process, never one that took its pid over. Fine when it is gone. */
  signal(identity: ProcessIdentity, name: SignalName): Promise<Result<void>>;
  /** The process and all that stem from it: children, session members, and those that carry `nonce` in their environment. */
  tree(root: ProcessIdentity, nonce?: string): Promise<readonly ProcessIdentity[]>;
  /** Live processes whose environment has `OM_LAUNCH_NONCE=nonce`. */
  findByNonce(nonce: string): Promise<readonly ProcessIdentity[]>;
  /**
   * The nonces of live processes of this account that were handed this token file (`OM_LAUNCHER_TOKEN_FILE`), each once:
   * starts of a launcher whose record is lost. Empty where the OS does not tell.
   */
  noncesOf(tokenFile: string): Promise<readonly string[]>;
  usage(tree: readonly ProcessIdentity[]): Promise<TreeUsage>;
  /** Who listens on the TCP port now; undefined entries cannot be told by this account. */
  portHolders(port: number): Promise<readonly (ProcessIdentity | undefined)[]>;
  /** Established connections to a local TCP port, by their remote ends. Undefined: unknown on this machine. */
  tcpPeers(port: number): Promise<readonly TcpPeer[] | undefined>;
  /** Processes that hold something open at or below the path, as far as this account can see. */
  holdersOf(path: string): Promise<readonly { readonly identity: ProcessIdentity; readonly name: string }[]>;
  /** The name of the program of a process, for messages. */
  nameOf(identity: ProcessIdentity): Promise<string | undefined>;
  /** The account that a process runs as, for messages. */
  accountOf(identity: ProcessIdentity): Promise<string | undefined>;
  /** The accounts that listen on a TCP port, those of processes that this account may not see included where the OS tells. */
  portAccounts(port: number): Promise<readonly string[]>;
}
