import { type Static, Type } from '@sinclair/typebox';

/** The wire types of the launcher port: flat, ISO times, integers (4D-friendly). CLI, console and OpenAPI stand on these. */

const IsoTime = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
const Optional = Type.Optional;

export const ErrorBody = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    remedy: Type.String(),
    lang: Type.String(),
    /** Id of the order that is in the way, for `update-running`. */
    updateId: Optional(Type.String()),
  },
  { $id: 'Error' },
);
export type ErrorBody = Static<typeof ErrorBody>;

export const UpdateOrder = Type.Object(
  {
    id: Optional(Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })),
    version: Optional(Type.String({ maxLength: 64 })),
    delaySeconds: Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    notBefore: Optional(IsoTime),
    notifyEmail: Optional(Type.String({ maxLength: 254 })),
    language: Optional(Type.Union([Type.Literal('en'), Type.Literal('fr'), Type.Literal('de'), Type.Literal('it')])),
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
    startedAt: Optional(IsoTime),
    endedAt: Optional(IsoTime),
    /** Human, in the asked language: `34 % · 2.1 MB/s · 12 s left`, `2 users`. */
    note: Optional(Type.String()),
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
    from: Optional(Type.String()),
    to: Optional(Type.String()),
    orderedBy: Optional(Type.String()),
    orderedAt: IsoTime,
    endedAt: Optional(IsoTime),
    downtimeMs: Optional(Type.Integer()),
    steps: Type.Array(StepView),
    error: Optional(ErrorBody),
    /** May it still be cancelled? */
    cancellable: Type.Boolean(),
  },
  { $id: 'Update' },
);
export type UpdateView = Static<typeof UpdateView>;

export const StatusView = Type.Object(
  {
    name: Type.String(),
    /** The supervisor's state: stopped, starting, up, … */
    state: Type.String(),
    version: Optional(Type.String()),
    since: Optional(IsoTime),
    processId: Optional(Type.Integer()),
    port: Optional(Type.Integer()),
    users: Optional(Type.Integer()),
    launcherVersion: Type.String(),
    launcherProcessId: Type.Integer(),
    /** The next planned act and its time, in words and as a time. */
    nextAction: Optional(Type.String()),
    nextActionAt: Optional(IsoTime),
    /** What `--rollback` would do now; absent when there is nothing to go back to. */
    rollbackTo: Optional(Type.String()),
    update: Optional(UpdateView),
    error: Optional(ErrorBody),
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
    publishedAt: Optional(IsoTime),
    transferBytes: Optional(Type.Integer()),
    unpackedBytes: Optional(Type.Integer()),
    dataFormat: Optional(Type.String()),
    notes: Optional(Type.String()),
    keptUntil: Optional(IsoTime),
  },
  { $id: 'Release' },
);
export type ReleaseView = Static<typeof ReleaseView>;

export const HistoryView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    orderedBy: Optional(Type.String()),
    orderedAt: IsoTime,
    endedAt: IsoTime,
    from: Optional(Type.String()),
    to: Optional(Type.String()),
    outcome: Type.String(),
    code: Optional(Type.String()),
    downtimeMs: Optional(Type.Integer()),
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
    secondsLeft: Optional(Type.Integer()),
  },
  { $id: 'Notice' },
);
export type NoticeView = Static<typeof NoticeView>;

export const TicketRequest = Type.Object(
  {
    user: Type.String({ minLength: 1, maxLength: 128 }),
    language: Optional(Type.String({ maxLength: 8 })),
    email: Optional(Type.String({ maxLength: 254 })),
  },
  { $id: 'TicketRequest', additionalProperties: false },
);
export type TicketRequest = Static<typeof TicketRequest>;

export const ChildState = Type.Object(
  {
    ready: Optional(Type.Boolean()),
    sessions: Optional(
      Type.Array(
        Type.Object({
          id: Type.String({ maxLength: 64 }),
          user: Type.String({ maxLength: 128 }),
          workstation: Optional(Type.String({ maxLength: 128 })),
        }),
        { maxItems: 10_000 },
      ),
    ),
    backupRunning: Optional(Type.Boolean()),
    progress: Optional(Type.String({ maxLength: 200 })),
    version: Optional(Type.String({ maxLength: 64 })),
  },
  { $id: 'ChildState', additionalProperties: false },
);
export type ChildState = Static<typeof ChildState>;
