const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A day of the calendar, as midnight of that day counted in UTC: days can be added without any zone in the way. */
export type CalendarDay = number;

/** Wall-clock time of one zone. */
export interface ZoneClock {
  /** The day that the zone's calendars show at an instant. */
  dayAt(instant: number): CalendarDay;
  /**
   * The instant at which clocks of the zone first show these minutes after midnight of the day.
   *
   * Doubled in autumn: the first of the two. Skipped in spring: the moment at which the clocks jump over it.
   */
  instantOf(day: CalendarDay, minutes: number): number;
}

/** The zone of an IANA name, or the machine's own. Throws `RangeError` for a name that is unknown. */
export function zoneClock(zone?: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(zone === undefined ? {} : { timeZone: zone }),
    calendar: 'gregory',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const offsetAt = (instant: number): number => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return shown - Math.floor(instant / 1000) * 1000;
  };
  return {
    dayAt: (instant) => Math.floor((instant + offsetAt(instant)) / DAY_MS) * DAY_MS,
    instantOf(day, minutes) {
      const shown = day + minutes * MINUTE_MS;
      const [before, after] = [offsetAt(shown - DAY_MS), offsetAt(shown + DAY_MS)];
      const candidates = [shown - before, shown - after].filter((instant) => instant + offsetAt(instant) === shown);
      return candidates.length > 0 ? Math.min(...candidates) : changeBetween(offsetAt, shown - DAY_MS, shown + DAY_MS);
    },
  };
}

/** The first instant with the later offset; halving, because no interface names the moment. */
function changeBetween(offsetAt: (instant: number) => number, from: number, to: number): number {
  const later = offsetAt(to);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === later) high = middle;
    else low = middle;
  }
  return high;
}
