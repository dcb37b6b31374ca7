import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import type { HttpClientOptions, Network } from '../../platform/network.ts';
import type { Processes } from '../../platform/processes.ts';
import type { Result } from '../../platform/result.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import type { Release } from '../release.ts';

export interface PreflightDependencies {
  readonly files: Files;
  readonly network: Network;
  readonly processes: Processes;
  readonly machine: Machine;
  readonly clock: Clock;
}

/** What an update would touch. All paths are absolute. */
export interface PreflightSubject {
  /** The Office Maker folder. */
  readonly folder: string;
  /** The live bundle in it. */
  readonly bundle: string;
  /** Where the live bundle goes: `X_old`. */
  readonly old: string;
  /** Need not exist yet. */
  readonly staging: string;
  readonly space: readonly SpaceDemand[];
  readonly repository?: RepositoryHost;
  /** Absent for a rollback: it is ordered because the server is not well. */
  readonly server?: ServerState;
  readonly backupRunning: boolean;
  readonly release?: Release;
  readonly installedVersion?: string;
  /** The launcher's own. */
  readonly launcherVersion: string;
  /** A person named this version: an older or the same one is meant. */
  readonly versionNamed: boolean;
}

/** Room that one part of the update will take. What lies there already (the bundle that becomes `_old`) takes no more. */
export interface SpaceDemand {
  /** English, for the report: `the unpacked release`. */
  readonly purpose: string;
  /** Where it will lie; need not exist yet. */
  readonly path: string;
  readonly bytes: number;
  readonly files?: number;
}

export interface RepositoryHost {
  readonly name: string;
  readonly port: number;
  readonly secure: boolean;
  /** As the repository's own client is made: proxy and certificate authorities. */
  readonly client: HttpClientOptions;
}

/** Succeeds with what was found, one English sentence; the fault names path and account. */
export type PreflightRun = (dependencies: PreflightDependencies, subject: PreflightSubject) => Promise<Result<string>>;

/** One line of the report, in the order of the checks. */
export interface PreflightLine {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fault?: Fault;
}

export interface PreflightReport {
  readonly lines: readonly PreflightLine[];
  /** The first that failed. */
  readonly fault?: Fault;
}
