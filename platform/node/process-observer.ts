import type { ProcessIdentity, SignalName, TcpPeer, TreeUsage } from '../processes.ts';
import type { Result } from '../result.ts';

/** One live process as the OS lists it. */
export interface ProcessRow {
  readonly identity: ProcessIdentity;
  readonly parentPid: number;
  /** Pid of the session's (macOS: process group's) leader; undefined where the OS has no such thing. */
  readonly sessionPid?: number;
  /** Grows with the time of start; compare only with rows of one listing. */
  readonly startOrder: number;
  readonly name: string;
}

/** What differs between operating systems in watching and signalling processes; `createProcesses` does the rest. */
export interface ProcessObserver {
  /** Between two looks at a process that is not our child, milliseconds. */
  readonly pollMs: number;
  /** The identity of a live process, not of a zombie. */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /** The identity of a child that was started this instant and may have ended already. */
  identifyStarted(pid: number): Promise<ProcessIdentity>;
  isAlive(identity: ProcessIdentity): Promise<boolean>;
  /** Calls `ended` when the OS says at once that some process of this pid has ended: a reason to look. Absent where it does not. */
  awaitExitSign?(pid: number, ended: () => void, signal: AbortSignal): void;
  list(): Promise<readonly ProcessRow[]>;
  /** Of these rows, those whose environment has `OM_LAUNCH_NONCE=nonce`. */
  withNonce(rows: readonly ProcessRow[], nonce: string): Promise<readonly ProcessRow[]>;
  /** All live ones with that in their environment, where this takes less time than a listing: a restart waits for it. */
  carriersOf?(nonce: string): Promise<readonly ProcessIdentity[]>;
  /** See `Processes.noncesOf`. */
  noncesOf(tokenFile: string): Promise<readonly string[]>;
  /** Looks at the identity and signals at once; fine when it is gone. */
  signal(identity: ProcessIdentity, name: SignalName): Promise<Result<void>>;
  usage(tree: readonly ProcessIdentity[]): Promise<TreeUsage>;
  portHolders(port: number): Promise<readonly (ProcessIdentity | undefined)[]>;
  tcpPeers(port: number): Promise<readonly TcpPeer[] | undefined>;
  holdersOf(path: string): Promise<readonly { readonly identity: ProcessIdentity; readonly name: string }[]>;
  nameOf(identity: ProcessIdentity): Promise<string | undefined>;
  accountOf(identity: ProcessIdentity): Promise<string | undefined>;
  portAccounts(port: number): Promise<readonly string[]>;
}

/** The variable by which a launcher finds the processes that one of its starts brought about. */
export const NONCE_VARIABLE = 'OM_LAUNCH_NONCE';
/** Handed over beside it: where the server finds the secret of its start; one place for each state folder. */
export const TOKEN_FILE_VARIABLE = 'OM_LAUNCHER_TOKEN_FILE';
