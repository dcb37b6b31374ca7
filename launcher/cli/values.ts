import { InvalidArgumentError } from 'commander';

/** Kinds of values that options and arguments take; `read` refuses with a sentence that commander shows. */
export interface ValueKind<Value> {
  /** How the value is shown in the usage, e.g. `DURATION`. */
  readonly name: string;
  read(text: string, now: () => number): Value;
}

const SECONDS_OF = { s: 1, m: 60, h: 3600 } as const;
const LONGEST_SECONDS = 86_400;

/** `90s`, `2m`, `1h`, or seconds without a unit; gives whole seconds, one day at most. */
export const duration: ValueKind<number> = {
  name: 'DURATION',
  read(text) {
    const match = /^(\d{1,6})(s|m|h)?$/.exec(text.trim());
    const unit = (match?.[2] ?? 's') as keyof typeof SECONDS_OF;
    const seconds = Number(match?.[1]) * SECONDS_OF[unit];
    if (match === null || seconds > LONGEST_SECONDS) {
      throw new InvalidArgumentError('Write a duration up to 24h as 90s, 2m or 1h.');
    }
    return seconds;
  },
};

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?$/;

/** `22:00` is the next such time on this machine's clock; else an ISO time, local without a zone. Gives ISO, UTC. */
export const instant: ValueKind<string> = {
  name: 'TIME',
  read(text, now) {
    const day = TIME_OF_DAY.exec(text.trim());
    if (day !== null) return nextTimeOfDay(Number(day[1]), Number(day[2]), now()).toISOString();
    const at = ISO.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
    if (Number.isNaN(at)) {
      throw new InvalidArgumentError('Write a time of day as 22:00, or a time as 2030-12-24T22:00.');
    }
    return new Date(at).toISOString();
  },
};

/** Calendar arithmetic rather than 24 hours, so that 22:00 stays 22:00 over a change of the clocks. */
function nextTimeOfDay(hour: number, minute: number, nowMs: number): Date {
  const time = new Date(nowMs);
  time.setHours(hour, minute, 0, 0);
  if (time.getTime() <= nowMs) time.setDate(time.getDate() + 1);
  return time;
}

const MOST_LINES = 100_000;

export const count: ValueKind<number> = {
  name: 'N',
  read(text) {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > MOST_LINES) {
      throw new InvalidArgumentError(`Write a whole number from 1 to ${MOST_LINES}.`);
    }
    return value;
  },
};

const ADDRESS = /^[^\s@<>,;]+@[^\s@<>,;]+$/;
const ADDRESS_CHARACTERS = 254;

export const address: ValueKind<string> = {
  name: 'ADDRESS',
  read(text) {
    if (!ADDRESS.test(text) || text.length > ADDRESS_CHARACTERS) {
      throw new InvalidArgumentError('Write one e-mail address.');
    }
    return text;
  },
};

const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/;

export const version: ValueKind<string> = {
  name: 'VERSION',
  read(text) {
    if (!VERSION.test(text)) throw new InvalidArgumentError('Write a version as om-launcher releases shows it.');
    return text;
  },
};

/** Any text; `name` says what it stands for. */
export function text(name: string): ValueKind<string> {
  return { name, read: (given) => given };
}

/** One of a few words. */
export function oneOf<const Word extends string>(name: string, words: readonly Word[]): ValueKind<Word> {
  return {
    name,
    read(given) {
      const found = words.find((word) => word === given);
      if (found === undefined) throw new InvalidArgumentError(`Write one of ${words.join(', ')}.`);
      return found;
    },
  };
}
