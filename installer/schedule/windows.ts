import { zoneClock } from './zone-clock.ts';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When users may be disturbed: from–to by the wall clock, `HH:MM`; `to` at or before `from` is on the next day. */
export interface MaintenanceWindow {
  /** The days on which it opens; absent = every day. */
  readonly days?: readonly Weekday[];
  readonly from: string;
  readonly to: string;
}

/** All windows of a server; `zone` is an IANA name, absent = the machine's zone. */
export interface WindowRule {
  readonly windows: readonly MaintenanceWindow[];
  readonly zone?: string;
}

/** One opening, wall-clock milliseconds. */
export interface Opening {
  readonly opensAt: number;
  readonly closesAt: number;
}

const DAY_MS = 86_400_000;
/** A weekly window that falls away in spring opens again within this. */
const DAYS_AHEAD = 15;

/**
 * The opening in which something that needs `neededMs` may begin: the one that is open now with so much of it left, or the
 * next. Undefined when no window ever opens. Pure.
 *
 * Summer time: a time that is skipped counts as the moment of the jump, so a window that lies wholly in the skipped hour falls
 * away that night; of a time that comes twice the first counts, so no window opens twice in a night.
 */
export function nextOpening(rule: WindowRule, now: number, neededMs = 0): Opening | undefined {
  const zone = zoneClock(rule.zone);
  const today = zone.dayAt(now);
  const days = Array.from({ length: DAYS_AHEAD + 2 }, (_, index) => today + (index - 1) * DAY_MS);
  return days
    .flatMap((day) => rule.windows.filter((window) => opensOn(window, day)).map((window) => ({ day, window })))
    .map(({ day, window }): Opening => {
      const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
      return {
        opensAt: zone.instantOf(day, from),
        closesAt: zone.instantOf(to > from ? day : day + DAY_MS, to),
      };
    })
    .filter(({ opensAt, closesAt }) => closesAt - neededMs > Math.max(now, opensAt))
    .toSorted((a, b) => a.opensAt - b.opensAt)[0];
}

/** How long a window is on an ordinary day, milliseconds. */
export function lengthOf({ from, to }: MaintenanceWindow): number {
  const minutes = minutesOf(to) - minutesOf(from);
  return (minutes > 0 ? minutes : minutes + 24 * 60) * 60_000;
}

function opensOn({ days }: MaintenanceWindow, day: number): boolean {
  const weekday = WEEKDAYS[new Date(day).getUTCDay()];
  return days === undefined || (weekday !== undefined && days.includes(weekday));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
