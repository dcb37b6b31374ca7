import type { UserSession } from '../sessions/sessions.ts';

/** What the server last said of itself with `POST /v1/child/state`. */
export interface ChildReport {
  readonly ready?: boolean;
  readonly sessions?: readonly UserSession[];
  /** Monotonic milliseconds of the last report that had sessions. */
  readonly sessionsAt?: number;
  readonly backupRunning?: boolean;
  /** Free text of a long start, e.g. `converting data 40 %`. */
  readonly progress?: string;
  /** Monotonic milliseconds at which the progress last changed: a text that stands still is no progress. */
  readonly progressAt?: number;
  readonly version?: string;
  /** Monotonic milliseconds of its arrival. */
  readonly receivedAt: number;
}

/** What the launcher asks of a server that cooperates; it fetches orders by long poll. */
export type ChildOrder =
  | {
      readonly id: string;
      readonly kind: 'notice';
      readonly text: Readonly<Record<string, string>>;
      readonly secondsLeft?: number;
    }
  | { readonly id: string; readonly kind: 'refuse-logins'; readonly refused: boolean }
  | { readonly id: string; readonly kind: 'close-sessions' }
  | { readonly id: string; readonly kind: 'quit'; readonly reason: string };

export type NewChildOrder = ChildOrder extends infer Order
  ? Order extends ChildOrder
    ? Omit<Order, 'id'>
    : never
  : never;

/** Both ends of the child protocol: the launcher's rooms give orders and read reports, the port serves the server. */
export interface ChildLink {
  /** Undefined while this start of the server has never reported. */
  report(): ChildReport | undefined;
  /** True when the server polled for orders within the last 60 s. */
  cooperates(): boolean;
  /** Queues an order; resolves `true` when the server fetched it, `false` after `timeoutMs`. */
  give(order: NewChildOrder, timeoutMs: number): Promise<boolean>;
  onReport(listener: (report: ChildReport) => void): () => void;

  /** A new start: forgets report and orders and accepts only this token from now on. Returns the token. */
  renew(): Promise<string>;
  /** Re-reads the token of an adopted server. */
  restore(token: string): void;
  /** Constant-time comparison. */
  accepts(token: string): boolean;
  /** Merged into what is known: an absent field is unchanged, but `ready: true` without progress ends the progress. */
  receive(report: Omit<ChildReport, 'receivedAt' | 'sessionsAt' | 'progressAt'>): void;
  /** Long poll: the next order, or undefined after `waitMs`. */
  take(waitMs: number, signal?: AbortSignal): Promise<ChildOrder | undefined>;
}
