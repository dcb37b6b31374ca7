import type { Fault } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { CheckAnswer, LocalUpdateOrder } from './messages.ts';
import type { HistoryView, NoticeView, ReleaseView, StatusView, UpdateView } from './schemas.ts';

/** Who asks, as the port found out. */
export type Caller =
  /** Through the local socket or named pipe: the OS let only admins in. */
  | { readonly kind: 'local' }
  | { readonly kind: 'ticket'; readonly user: string; readonly email?: string; readonly language?: Language }
  | { readonly kind: 'token'; readonly name: string; readonly scope: 'read' | 'update' | 'admin' };

/** Something to tell at once: over `/v1/events` (server-sent events), to `--watch` and to a following `update`. */
export interface ApplicationEvent {
  /** Increasing; `Last-Event-ID` resumes after it. */
  readonly id: number;
  readonly kind: 'status' | 'update' | 'notice' | 'server';
  readonly at: string;
  /** True when OM Client may see it without being admin. */
  readonly public: boolean;
  readonly data: unknown;
}

/** What the launcher can do, as one interface: the port is its only caller, CLI and console are clients of the port. */
export interface Application {
  status(language: Language): Promise<StatusView>;
  releases(language: Language): Promise<Result<readonly ReleaseView[]>>;
  /** Asks the repository now. */
  check(language: Language): Promise<Result<CheckAnswer>>;
  history(language: Language, limit: number): Promise<readonly HistoryView[]>;
  /** The same id twice is the same order. `update-running` carries the running order's id in `values.updateId`. */
  orderUpdate(order: LocalUpdateOrder, caller: Caller): Promise<Result<UpdateView>>;
  /** Preflight only; nothing changes. */
  tryUpdate(order: LocalUpdateOrder, caller: Caller): Promise<Result<readonly CheckLine[]>>;
  update(id: string, language: Language): Promise<UpdateView | undefined>;
  cancelUpdate(id: string, caller: Caller): Promise<Result<void>>;
  postponeUpdate(id: string, seconds: number): Promise<Result<void>>;
  /** Users agreed to leave early. */
  continueUpdate(id: string): Promise<Result<void>>;
  orderRollback(
    order: {
      readonly id?: string;
      readonly version?: string;
      readonly data?: boolean;
      readonly delaySeconds?: number;
      readonly notifyEmail?: string;
      readonly language?: Language;
    },
    caller: Caller,
  ): Promise<Result<UpdateView>>;
  serverAct(act: 'start' | 'stop' | 'restart', caller: Caller): Promise<Result<void>>;
  /** Notices since the given id, oldest first. */
  notices(since: string | undefined, language: Language): readonly NoticeView[];
  /** Events after `lastId`; then live ones until `signal` aborts. */
  events(lastId: number | undefined, signal: AbortSignal): AsyncIterable<ApplicationEvent>;
  /** Everything `/metrics` shows, Prometheus text. */
  metrics(): string;
  /** A text for a fault, in a language: what failed, how the server is now, what to do. */
  explain(fault: Fault, language: Language): { readonly message: string; readonly remedy: string };
}

export interface CheckLine {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}
