import type { Result } from '../../platform/result.ts';

/** Who is working on the server. Unknown means "users are present" (promise 6). */
export type Presence =
  /** The server reports its sessions over the child protocol. */
  | { readonly kind: 'reported'; readonly sessions: readonly UserSession[] }
  /** The server does not cooperate: TCP peers on its port. */
  | { readonly kind: 'counted'; readonly count: number }
  | { readonly kind: 'unknown'; readonly why: string };

export interface UserSession {
  readonly id: string;
  readonly user: string;
  readonly workstation?: string;
}

/** A message to all users, e.g. the count-down. */
export interface Notice {
  readonly id: string;
  readonly text: Readonly<Record<Language, string>>;
  /** Seconds until the sessions are closed, when that is near. */
  readonly secondsLeft?: number;
}

export const LANGUAGES = ['en', 'fr', 'de', 'it'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The users of the server: seen, warned, and asked out. */
export interface Sessions {
  presence(): Promise<Presence>;
  /** Delivered when the server took the order, the configured command ended well, or clients can poll it. */
  warn(notice: Notice): Promise<Result<void>>;
  refuseLogins(refused: boolean): Promise<Result<void>>;
  /** Closes what is still open; `ok` only when nobody is present any more. */
  closeAll(): Promise<Result<void>>;
  /** The backup of the server runs: users are blocked, nobody may be drained now. */
  backupRunning(): boolean;
}

/** Older reports of sessions say nothing about now, milliseconds. */
export const REPORT_FRESH_MS = 60_000;

/** How many users a presence stands for; undefined when unknown. */
export function countOf(presence: Presence): number | undefined {
  switch (presence.kind) {
    case 'reported':
      return presence.sessions.length;
    case 'counted':
      return presence.count;
    case 'unknown':
      return undefined;
  }
}
