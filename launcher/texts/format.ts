import type { Language } from '../../supervisor/sessions/sessions.ts';

/** The Swiss forms of our languages; English as in international software. */
export const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-CH', de: 'de-CH', it: 'it-CH' };

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.2 GB`; decimal units, one digit below ten. */
export function formatBytes(bytes: number, language: Language): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat(LOCALES[language], {
    style: 'unit',
    unit: BYTE_UNITS[power] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 && power > 0 ? 1 : 0,
  }).format(value);
}

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** `2 minutes 30 seconds`, at most two units; below ten seconds with a tenth where it is not whole. */
export function formatDuration(milliseconds: number, language: Language): string {
  const exact = Math.max(0, milliseconds / 1000);
  if (exact < 10 && !Number.isInteger(exact)) return unit(Math.round(exact * 10) / 10, 'second', language);
  const seconds = Math.round(exact);
  const parts = [
    { count: Math.floor(seconds / DAY_S), name: 'day' },
    { count: Math.floor((seconds % DAY_S) / HOUR_S), name: 'hour' },
    { count: Math.floor((seconds % HOUR_S) / MINUTE_S), name: 'minute' },
    { count: seconds % MINUTE_S, name: 'second' },
  ];
  const first = parts.findIndex((part) => part.count > 0);
  if (first < 0) return unit(0, 'second', language);
  return parts
    .slice(first, first + 2)
    .filter((part) => part.count > 0)
    .map((part) => unit(part.count, part.name, language))
    .join(' ');
}

function unit(count: number, name: string, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { style: 'unit', unit: name, unitDisplay: 'long' }).format(count);
}

/** Date and time of day as people there write them; `timeZone` is the machine's when absent. */
export function formatTime(wallClockMs: number, language: Language, timeZone?: string): string {
  return new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(wallClockMs);
}

/** `42 %`, from a fraction. */
export function formatShare(fraction: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { style: 'percent', maximumFractionDigits: 0 }).format(fraction);
}
