/**
 * How a stand-in server behaves; every switch is off, and every duration has its default, when it is absent.
 *
 * Read from `behaviour.json` in the bundle; the environment variable `OM_SERVER_BEHAVIOUR` (JSON) wins over it.
 */
export interface Behaviour {
  /** Runs, but its ports never open and it never says that it is ready. */
  readonly neverReady?: boolean;
  /** Exits with status 42 this long after it was ready, without closing anything. */
  readonly diesAfterReadyMs?: number;
  /** Exits at once with this status, before it touches the data. */
  readonly exitsAtOnce?: number;
  /** Takes the order `quit`, SIGTERM and SIGINT, and goes on. */
  readonly ignoresQuit?: boolean;
  /** Backs its data up for this long at the first order or request to quit, and quits then; asked again, it goes on with it. */
  readonly backsUpAtQuitMs?: number;
  /** What it says of itself while running (`/status`, child protocol), instead of the truth. */
  readonly reportsVersion?: string;
  /** What `--version` prints, instead of the truth. */
  readonly printsVersion?: string;
  /** Leaves a grandchild behind at its end that holds a file of the bundle open for this long. */
  readonly holdsFilesMs?: number;
  /** Writes this much to its log, in megabytes a second. */
  readonly floodsLogMegabytes?: number;
  /** Forks a grandchild in a session of its own that lives for this long. */
  readonly forksGrandchildMs?: number;
  /** A conversion stops in the middle and never ends. */
  readonly hangsOnConversion?: boolean;
  /** Knows nothing of the child protocol. */
  readonly uncooperative?: boolean;
  /** How long a clean quit takes. Default 1000. */
  readonly quitMs?: number;
  /** How long a conversion of the data takes. Default 2000. */
  readonly conversionMs?: number;
  /** How long an ordinary start takes. Default 100. */
  readonly startMs?: number;
  /** How long a dialog stays open that nobody can answer, before the server quits. Default 2000. */
  readonly dialogMs?: number;
}
