import { type Static, Type } from '@sinclair/typebox';

/** The wire types of the launcher port: flat, ISO times, integers (4D-friendly). CLI, console and OpenAPI stand on these. */

const IsoTime = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });

export const ErrorBody = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    remedy: Type.String(),
    lang: Type.String(),
    /** Why, in plain English, for logs and support. */
    detail: Type.Optional(Type.String()),
    /** Id of the order that is in the way, for `update-running`. */
    updateId: Type.Optional(Type.String()),
  },
  { $id: 'Error' },
);
export type ErrorBody = Static<typeof ErrorBody>;

export const UpdateOrder = Type.Object(
  {
    id: Type.Optional(Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })),
    /** A name, never a path or a URL: the repository alone says where releases lie. */
    version: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$' })),
    delaySeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    notBefore: Type.Optional(IsoTime),
    /** One address; line breaks would forge mail headers. */
    notifyEmail: Type.Optional(Type.String({ maxLength: 254, pattern: '^[^\\s@<>,;]+@[^\\s@<>,;]+$' })),
    language: Type.Optional(
      Type.Union([Type.Literal('en'), Type.Literal('fr'), Type.Literal('de'), Type.Literal('it')]),
    ),
  },
  { $id: 'UpdateOrder', additionalProperties: false },
);
export type UpdateOrder = Static<typeof UpdateOrder>;

export const StepView = Type.Object(
  {
    name: Type.String(),
    state: Type.Union(
      (['waiting', 'running', 'done', 'failed', 'undoing', 'undone'] as const).map((state) => Type.Literal(state)),
    ),
    startedAt: Type.Optional(IsoTime),
    endedAt: Type.Optional(IsoTime),
    /** Human, in the asked language: `34 % · 2.1 MB/s · 12 s left`, `2 users`. */
    note: Type.Optional(Type.String()),
  },
  { $id: 'Step' },
);
export type StepView = Static<typeof StepView>;

export const UpdateView = Type.Object(
  {
    id: Type.String(),
    kind: Type.Union([Type.Literal('update'), Type.Literal('rollback')]),
    /** `running` until settled; then the outcome. */
    state: Type.Union(
      (['scheduled', 'running', 'updated', 'fell-back', 'refused', 'cancelled', 'rolled-back', 'held'] as const).map(
        (state) => Type.Literal(state),
      ),
    ),
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    orderedBy: Type.Optional(Type.String()),
    orderedAt: IsoTime,
    endedAt: Type.Optional(IsoTime),
    downtimeMs: Type.Optional(Type.Integer()),
    steps: Type.Array(StepView),
    error: Type.Optional(ErrorBody),
    /** May it still be cancelled? */
    cancellable: Type.Boolean(),
  },
  { $id: 'Update' },
);
export type UpdateView = Static<typeof UpdateView>;

/** The server ended by itself; all that is known of it is in the file `bundle`. */
export const CrashView = Type.Object(
  {
    at: IsoTime,
    exitStatus: Type.Optional(Type.Integer()),
    exitSignal: Type.Optional(Type.String()),
    /** The same for crashes of the same kind. */
    fingerprint: Type.String(),
    /** How often that kind was seen. */
    count: Type.Integer(),
    bundle: Type.String(),
  },
  { $id: 'Crash' },
);
export type CrashView = Static<typeof CrashView>;

/** Restarts of late; absent while all is well. */
export const RestartsView = Type.Object(
  {
    /** Runs that failed within the last `windowSeconds`. */
    crashes: Type.Integer(),
    windowSeconds: Type.Number(),
    /** Restarts since the server was last stable. */
    attempt: Type.Integer(),
    /** The server does not stay up; people were told by mail. */
    alarmSince: Type.Optional(IsoTime),
    /** The next start comes as soon as the cause in `error` is gone, at the latest at `nextActionAt`. */
    untilGone: Type.Optional(Type.Boolean()),
  },
  { $id: 'Restarts' },
);
export type RestartsView = Static<typeof RestartsView>;

/** What one probe of the server's health saw of its process. */
export const ProbeView = Type.Object(
  {
    name: Type.String(),
    /** What it is asked for: startup, readiness, liveness. */
    kinds: Type.Array(Type.String()),
    passed: Type.Boolean(),
    /** Results like the last one without another between, the first of them at `since`. */
    inARow: Type.Integer(),
    since: IsoTime,
    latencyMs: Type.Integer(),
    /** Why it failed the last time, in plain English. */
    detail: Type.Optional(Type.String()),
  },
  { $id: 'Probe' },
);
export type ProbeView = Static<typeof ProbeView>;

export const StatusView = Type.Object(
  {
    name: Type.String(),
    /** The supervisor's state: stopped, starting, up, … */
    state: Type.String(),
    version: Type.Optional(Type.String()),
    since: Type.Optional(IsoTime),
    processId: Type.Optional(Type.Integer()),
    port: Type.Optional(Type.Integer()),
    users: Type.Optional(Type.Integer()),
    launcherVersion: Type.String(),
    launcherProcessId: Type.Integer(),
    /** What a starting server says of itself. */
    progress: Type.Optional(Type.String()),
    /** The next planned act and its time, in words and as a time. */
    nextAction: Type.Optional(Type.String()),
    nextActionAt: Type.Optional(IsoTime),
    /** The rungs of a stop in order, each with the most that it may take. */
    stopLadder: Type.Optional(Type.Array(Type.Object({ rung: Type.String(), seconds: Type.Integer() }))),
    /** What `--rollback` would do now; absent when there is nothing to go back to. */
    rollbackTo: Type.Optional(Type.String()),
    update: Type.Optional(UpdateView),
    lastCrash: Type.Optional(CrashView),
    restarts: Type.Optional(RestartsView),
    /** Absent while there is no process to ask. */
    probes: Type.Optional(Type.Array(ProbeView)),
    error: Type.Optional(ErrorBody),
    /** Things an admin should know: mistakes in the configuration, local changes, wide rights. */
    warnings: Type.Array(Type.String()),
  },
  { $id: 'Status' },
);
export type StatusView = Static<typeof StatusView>;

export const ReleaseView = Type.Object(
  {
    version: Type.String(),
    /** `live`, `kept` (can be rolled back to), `available`, `bad`. */
    state: Type.String(),
    publishedAt: Type.Optional(IsoTime),
    transferBytes: Type.Optional(Type.Integer()),
    unpackedBytes: Type.Optional(Type.Integer()),
    dataFormat: Type.Optional(Type.String()),
    notes: Type.Optional(Type.String()),
    keptUntil: Type.Optional(IsoTime),
    /** The release file of the inbox that it is in, where the repository does not offer it. */
    file: Type.Optional(Type.String()),
  },
  { $id: 'Release' },
);
export type ReleaseView = Static<typeof ReleaseView>;

/** A newer release that is not installed by itself now; one entry a reason. */
export const HeldBackView = Type.Object(
  {
    version: Type.String(),
    /** `pin`, `delay`, `rollout`, `rollout-start`, `window`, `word`, `mark`, `bad`, `withdrawn`, … */
    reason: Type.String(),
    /** Human, in the asked language. */
    text: Type.String(),
    until: Type.Optional(IsoTime),
  },
  { $id: 'HeldBack' },
);
export type HeldBackView = Static<typeof HeldBackView>;

export const HistoryView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    orderedBy: Type.Optional(Type.String()),
    orderedAt: IsoTime,
    endedAt: IsoTime,
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    outcome: Type.String(),
    code: Type.Optional(Type.String()),
    downtimeMs: Type.Optional(Type.Integer()),
    steps: Type.Array(StepView),
  },
  { $id: 'HistoryEntry' },
);
export type HistoryView = Static<typeof HistoryView>;

export const NoticeView = Type.Object(
  {
    id: Type.String(),
    at: IsoTime,
    text: Type.String(),
    secondsLeft: Type.Optional(Type.Integer()),
  },
  { $id: 'Notice' },
);
export type NoticeView = Static<typeof NoticeView>;

export const TicketRequest = Type.Object(
  {
    user: Type.String({ minLength: 1, maxLength: 128 }),
    language: Type.Optional(Type.String({ maxLength: 8 })),
    email: Type.Optional(Type.String({ maxLength: 254 })),
  },
  { $id: 'TicketRequest', additionalProperties: false },
);
export type TicketRequest = Static<typeof TicketRequest>;

export const ChildState = Type.Object(
  {
    ready: Type.Optional(Type.Boolean()),
    sessions: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String({ maxLength: 64 }),
          user: Type.String({ maxLength: 128 }),
          workstation: Type.Optional(Type.String({ maxLength: 128 })),
        }),
        { maxItems: 10_000 },
      ),
    ),
    backupRunning: Type.Optional(Type.Boolean()),
    progress: Type.Optional(Type.String({ maxLength: 200 })),
    version: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { $id: 'ChildState', additionalProperties: false },
);
export type ChildState = Static<typeof ChildState>;
