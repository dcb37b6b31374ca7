import { type Static, Type } from '@sinclair/typebox';
import { HeldBackView, HistoryView, NoticeView, ReleaseView, StatusView, UpdateOrder, UpdateView } from './schemas.ts';

/** What the calls of the launcher port take and answer around the views of `schemas.ts`. */

/** An order through the local channel: only there may a release file of this machine be named, and its age be accepted. */
export const LocalUpdateOrder = Type.Object(
  {
    ...UpdateOrder.properties,
    fromFile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    /** A person has seen the age of the file and accepts it. */
    acceptAged: Type.Optional(Type.Boolean()),
  },
  { $id: 'LocalUpdateOrder', additionalProperties: false },
);
export type LocalUpdateOrder = Static<typeof LocalUpdateOrder>;

export const RollbackOrder = Type.Object(
  {
    id: UpdateOrder.properties.id,
    version: UpdateOrder.properties.version,
    /** Also restore the data of before the update. */
    data: Type.Optional(Type.Boolean()),
    delaySeconds: UpdateOrder.properties.delaySeconds,
    notifyEmail: UpdateOrder.properties.notifyEmail,
    language: UpdateOrder.properties.language,
  },
  { $id: 'RollbackOrder', additionalProperties: false },
);
export type RollbackOrder = Static<typeof RollbackOrder>;

export const PostponeRequest = Type.Object(
  { seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, default: 600 })) },
  { $id: 'PostponeRequest', additionalProperties: false },
);

/** The body of calls that need none. */
export const EmptyRequest = Type.Object({}, { $id: 'EmptyRequest', additionalProperties: false });

/** The answer to an order; `updateToken` only when a ticket ordered: a bearer token for this update alone. */
export const OrderAnswer = Type.Object(
  { ...UpdateView.properties, updateToken: Type.Optional(Type.String()) },
  { $id: 'OrderAnswer' },
);
export type OrderAnswer = Static<typeof OrderAnswer>;

export const CheckLineView = Type.Object(
  {
    check: Type.String(),
    ok: Type.Boolean(),
    detail: Type.String(),
    remedy: Type.Optional(Type.String()),
  },
  { $id: 'CheckLine' },
);
export const TryAnswer = Type.Object({ ok: Type.Boolean(), checks: Type.Array(CheckLineView) }, { $id: 'TryAnswer' });
export type TryAnswer = Static<typeof TryAnswer>;

export const ReleasesAnswer = Type.Object({ releases: Type.Array(ReleaseView) }, { $id: 'Releases' });
export const HistoryAnswer = Type.Object({ history: Type.Array(HistoryView) }, { $id: 'History' });
export const NoticesAnswer = Type.Object({ notices: Type.Array(NoticeView) }, { $id: 'Notices' });
export const CheckAnswer = Type.Object(
  {
    upToDate: Type.Boolean(),
    available: Type.Optional(ReleaseView),
    /** Why what is newer is not installed by itself now. */
    notYet: Type.Optional(Type.Array(HeldBackView)),
    /** The installed version was withdrawn by the vendor: why, in the asked language. */
    withdrawn: Type.Optional(Type.String()),
  },
  { $id: 'Check' },
);
export type CheckAnswer = Static<typeof CheckAnswer>;

/** What anybody may know of the server. */
export const PublicStatusView = Type.Pick(StatusView, ['name', 'state', 'version'], { $id: 'PublicStatus' });
export type PublicStatusView = Static<typeof PublicStatusView>;

export const TicketAnswer = Type.Object({ ticket: Type.String(), expiresInSeconds: Type.Integer() }, { $id: 'Ticket' });

export const ChildOrderView = Type.Object(
  {
    id: Type.String(),
    kind: Type.Union(
      (['notice', 'refuse-logins', 'close-sessions', 'quit'] as const).map((kind) => Type.Literal(kind)),
    ),
    /** `notice`: the text by language. */
    text: Type.Optional(Type.Record(Type.String(), Type.String())),
    secondsLeft: Type.Optional(Type.Integer()),
    refused: Type.Optional(Type.Boolean()),
    reason: Type.Optional(Type.String()),
  },
  { $id: 'ChildOrder' },
);

export const EventView = Type.Object(
  {
    id: Type.Integer(),
    kind: Type.Union((['status', 'update', 'notice', 'server'] as const).map((kind) => Type.Literal(kind))),
    at: Type.String({ format: 'date-time' }),
    public: Type.Boolean(),
    data: Type.Unknown(),
  },
  { $id: 'Event' },
);
export type EventView = Static<typeof EventView>;

export const HealthAnswer = Type.Object({ status: Type.Literal('ok') }, { $id: 'Health' });
