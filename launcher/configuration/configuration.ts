import type { CarryOverRule } from '../../installer/carry-over/carry-over.ts';
import type { UpdateMode } from '../../installer/schedule/decide.ts';
import type { WindowRule } from '../../installer/schedule/windows.ts';
import type { SignalName } from '../../platform/processes.ts';
import type {
  CauseOptions,
  CrashLoopOptions,
  HealthOptions,
  LogLimits,
  Probe,
} from '../../supervisor/server-options.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Product } from './presets.ts';

/** The configuration as the launcher uses it: every default filled in, every path absolute, times in milliseconds. */
export interface Configuration {
  /** The file it was read from. */
  readonly file: string;
  readonly name: string;
  readonly product?: Product;
  /** The Office Maker folder. */
  readonly folder: string;
  /** The live bundle, below `folder`. */
  readonly bundle: string;
  readonly stateFolder: string;
  readonly language: Language;
  readonly server: ServerConfiguration;
  readonly updates: UpdatesConfiguration;
  readonly carryOver: readonly CarryOverRule[];
  readonly data: DataConfiguration;
  readonly port: PortConfiguration;
  /** Absent: nobody is told by mail. */
  readonly mail?: MailConfiguration;
  readonly logs: LogsConfiguration;
}

export interface LogsConfiguration {
  readonly folder: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly limits: LogLimits;
}

export interface ServerConfiguration {
  /** Absolute. */
  readonly command: string;
  /** `{bundle}`, `{launcherUrl}` and `{tokenFile}` are still in it, for the supervisor. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Where users connect. */
  readonly port?: number;
  /** Where the launcher listens for the server, which gets the socket. */
  readonly handover?: { readonly host: string; readonly port: number };
  readonly start: { readonly limitMs: number; readonly extendMs: number; readonly hardLimitMs: number };
  readonly stop: {
    readonly orderMs: number;
    readonly request:
      | { readonly kind: 'signal'; readonly signal: SignalName }
      | { readonly kind: 'command'; readonly command: readonly string[] };
    readonly requestMs: number;
    readonly kill: 'last-resort' | 'never';
    readonly proveMs: number;
  };
  readonly health: {
    readonly probes: readonly Probe[];
    readonly everyMs: number;
    readonly watchMs: number;
    readonly passes: number;
    readonly rounds: Omit<HealthOptions, 'liveness'> & {
      readonly liveness: Omit<HealthOptions['liveness'], 'usersPort'>;
    };
  };
  readonly restart: {
    readonly stableMs: number;
    readonly firstDelayMs: number;
    readonly maximumDelayMs: number;
    readonly jitter: number;
  };
  readonly crashLoop: CrashLoopOptions;
  readonly causes: Omit<CauseOptions, 'dataPaths'>;
  readonly sessions: {
    readonly port?: number;
    /** `{text}`, `{seconds}` and `{language}` are still in it. */
    readonly warnCommand?: readonly string[];
    readonly closeCommand?: readonly string[];
  };
  readonly smoke: { readonly args: readonly string[]; readonly timeoutMs: number };
}

export interface UpdatesConfiguration {
  readonly repository?: RepositoryPlace;
  /** In the order in which they are asked. */
  readonly mirrors: readonly RepositoryPlace[];
  /** Absent: no limit. */
  readonly bytesPerSecond?: number;
  /** Path of the first trusted `root.json`. */
  readonly root?: string;
  readonly channel: string;
  readonly pin?: string;
  readonly mode: UpdateMode;
  readonly windows: WindowRule;
  /** None: at any time. */
  readonly downloadWindows: WindowRule;
  readonly checkEveryMs: number;
  readonly delayDays: number;
  readonly delaySeconds: number;
  readonly keepOld: { readonly kind: 'days'; readonly days: number } | { readonly kind: 'until-next-update' };
  readonly proxy: ProxyChoice;
  readonly staging: StagingMode;
  /** PEM file. */
  readonly ca?: string;
  readonly inbox?: string;
}

/** Who puts a release together: a process of its own, behind or beside all others, or the launcher itself. */
export type StagingMode = 'idle' | 'normal' | 'in-process';

export type RepositoryPlace =
  { readonly kind: 'web'; readonly url: string } | { readonly kind: 'folder'; readonly path: string };

export type ProxyChoice =
  | { readonly kind: 'environment' }
  | { readonly kind: 'none' }
  | { readonly kind: 'explicit'; readonly url: string; readonly login?: Login };

/** A user with the place of the password, never the password. */
export interface Login {
  readonly user: string;
  readonly password: SecretPlace;
}

export type SecretPlace =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'environment'; readonly name: string };

export interface DataConfiguration {
  readonly format?: string;
  readonly paths: readonly string[];
  readonly backup: { readonly folder: string; readonly keep: number };
  readonly restore: 'on-format-change' | 'never';
}

export interface PortConfiguration {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly names: readonly string[];
  /** PEM files. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface MailConfiguration {
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly secure: 'none' | 'starttls' | 'tls';
    readonly login?: Login;
    /** PEM file. */
    readonly ca?: string;
  };
  readonly from: string;
  readonly to: readonly string[];
}
