import type { SignalName } from '../platform/processes.ts';

/** How one server is run; made from the configuration at the composition root. Paths are absolute. */
export interface ServerOptions {
  /** The live bundle's path; the same before and after every update. */
  readonly bundle: string;
  /** The program, absolute, inside the bundle or not. */
  readonly command: string;
  /** May hold `{launcherUrl}`, `{tokenFile}` and `{bundle}`, replaced at each start. */
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** Additions to a minimal inherited environment; same placeholders. */
  readonly environment: Readonly<Record<string, string>>;
  /** Child record, token file, crash records. */
  readonly stateFolder: string;
  /** The server's output files. */
  readonly logFolder: string;
  readonly logs: LogLimits;
  /** For crash bundles. */
  readonly launcherVersion: string;
  /** The loopback URL of the launcher port, handed to the server (`OM_LAUNCHER_URL` and `{launcherUrl}`). */
  readonly launcherUrl: () => string;
  /** Where the launcher listens in the server's stead; absent: the server opens its port itself. */
  readonly handover?: { readonly host: string; readonly port: number };
  readonly start: {
    readonly limitMs: number;
    /** The limit is extended by this while progress is visible (log grows, child reports progress, CPU or I/O moves). */
    readonly extendMs: number;
    /** Never beyond this, whatever moves. */
    readonly hardLimitMs: number;
  };
  /**
   * All must pass for `ready`; none = ready as soon as the process has lived for 1 s. Startup, readiness and liveness may each
   * have a list of its own instead (`health`).
   */
  readonly probes: readonly Probe[];
  readonly probeEveryMs: number;
  readonly health: HealthOptions;
  readonly stop: StopOptions;
  readonly restart: RestartOptions;
  readonly crashLoop: CrashLoopOptions;
  readonly causes: CauseOptions;
}

/** When people are told that the server does not stay up. */
export interface CrashLoopOptions {
  /** Failed runs within the window that raise the alarm. */
  readonly crashes: number;
  /** Also how long the server must be up without a break until the alarm is over. */
  readonly windowMs: number;
}

/** By what the cause of an end is known. */
export interface CauseOptions {
  /** Words of a line with `*` between them; see `lineMatches`. */
  readonly licencePatterns: readonly string[];
  /** Of the volumes of logs, state and data. */
  readonly minimumFreeBytes: number;
  /** Files and folders of the server's data, absolute. */
  readonly dataPaths: readonly string[];
}

/** How much of the server's output is kept, and in which pieces. */
export interface LogLimits {
  /** A piece of this many bytes is set aside while the server runs on. */
  readonly fileBytes: number;
  /** … as is one that is this old, milliseconds. */
  readonly ageMs: number;
  /** Files that were set aside; older ones are removed. */
  readonly filesKept: number;
  /** Of the whole folder: output, launcher logs and crash bundles. */
  readonly budgetBytes: number;
}

export type Probe = TcpProbe | HttpProbe | CooperativeProbe | CommandProbe;

interface Named {
  /** What `status` calls it instead of a name that is made up from its kind and aim. */
  readonly name?: string;
}

export interface TcpProbe extends Named {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

export interface HttpProbe extends Named {
  readonly kind: 'http';
  /** `http:` or `https:`; without `ca` any certificate is accepted on loopback, elsewhere only a trusted one. */
  readonly url: string;
  /** PEM file of additional authorities; with it the certificate is checked on loopback, too. */
  readonly ca?: string;
  readonly statuses: readonly number[];
  /** Regular expression on the first 64 KiB of the body. */
  readonly bodyPattern?: string;
  readonly timeoutMs: number;
}

/** `ready: true` in the child's last report. */
export interface CooperativeProbe extends Named {
  readonly kind: 'cooperative';
}

export interface CommandProbe extends Named {
  readonly kind: 'command';
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** Probes of one kind's own; absent: those of all kinds. */
interface OwnProbes {
  readonly probes?: readonly Probe[];
}

/** How many rounds of the probes in a row decide. */
export interface HealthOptions {
  /** Passes that make a starting server ready, once its readiness has passed as well. */
  readonly startup: OwnProbes & { readonly passes: number };
  /** Failures that degrade a ready server, passes that bring it back. */
  readonly readiness: OwnProbes & { readonly failures: number; readonly passes: number };
  readonly liveness: OwnProbes & {
    /** Failures after which it is restarted if it has nothing to lose; else people are told. */
    readonly failures: number;
    readonly restart: 'when-idle' | 'never';
    /** Where its users connect. */
    readonly usersPort?: number;
  };
}

export interface StopOptions {
  /** Wait after the cooperative order `quit` (skipped for a server that does not cooperate). */
  readonly orderMs: number;
  /** What the OS or the administrator offers, then wait. */
  readonly request:
    | { readonly kind: 'signal'; readonly signal: SignalName }
    | { readonly kind: 'command'; readonly command: readonly string[] };
  readonly requestMs: number;
  readonly kill: 'last-resort' | 'never';
  /** Time to see that processes are gone and files released. */
  readonly proveMs: number;
}

export interface RestartOptions {
  /** A server that was ready for this long restarts at once. */
  readonly stableMs: number;
  readonly firstDelayMs: number;
  readonly maximumDelayMs: number;
  /** Fraction, e.g. 0.2 for ±20 %. */
  readonly jitter: number;
}
