/** When a mail is tried again, and when no more. */
export const MAIL_RETRY = {
  firstDelayMs: 30_000,
  longestDelayMs: 3_600_000,
  /** After this a mail about an update helps nobody. */
  giveUpAfterMs: 7 * 86_400_000,
  /** Records of sent mails stay this long, so that none is sent twice. */
  rememberMs: 90 * 86_400_000,
} as const;

/** 30 s, doubling to one hour; `attempts` counts the tries made. */
export function retryDelayMs(attempts: number): number {
  return Math.min(MAIL_RETRY.firstDelayMs * 2 ** Math.max(0, attempts - 1), MAIL_RETRY.longestDelayMs);
}

/**
 * Milliseconds until a mail that waits for the wall-clock time `nextAt` is due.
 *
 * Never more than the longest delay: a clock that was set back must not keep mails waiting for days.
 */
export function dueInMs(nextAt: number, now: number): number {
  const wait = nextAt - now;
  return wait > MAIL_RETRY.longestDelayMs ? 0 : Math.max(0, wait);
}
