/** The kind of operating system; read from the process in one place only. */
export type OperatingSystem = 'linux' | 'macos' | 'windows';

/** What the program knows about the machine and about itself. Read once, at the composition root. */
export interface Machine {
  readonly operatingSystem: OperatingSystem;
  /** As in a release's platform: `linux-x64`, `windows-x64`, `macos-arm64`, … */
  readonly platform: string;
  /** Name and version of the operating system, for people. */
  readonly system: string;
  readonly hostName: string;
  /** The account this process runs as. */
  readonly account: string;
  /** True where the account may do everything (root, SYSTEM). */
  readonly elevated: boolean;
  readonly processId: number;
  /** Absolute path of the running executable (the single file, or node). */
  readonly executable: string;
  /** How to run this very program again: command and leading arguments, for sub-commands and for service entries. */
  readonly self: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder: string;
}
