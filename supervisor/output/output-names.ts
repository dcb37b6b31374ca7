import { basename, join } from 'node:path';

const CURRENT = 'server.log';
const EARLIER = /^server-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z(?:-\d+)?\.log$/;
const UNFINISHED = '.partial';

/** Where the server's output goes; the OS appends to it, no launcher has to be there. */
export function outputFileIn(logFolder: string): string {
  return join(logFolder, CURRENT);
}

/** The file of an earlier piece of the output, by its name. */
export function isEarlierName(name: string): boolean {
  return EARLIER.test(name);
}

/** Where a piece is copied to before it gets its name. */
export function unfinishedNameOf(name: string): string {
  return `${name}${UNFINISHED}`;
}

export function isUnfinishedName(name: string): boolean {
  return name.endsWith(UNFINISHED) && isEarlierName(basename(name, UNFINISHED));
}

export function finishedNameOf(unfinished: string): string {
  return basename(unfinished, UNFINISHED);
}

/** A name that comes after all others, so that names in their order are the output in its order. Pure. */
export function nextEarlierName(taken: readonly string[], at: number): string {
  const last = Math.max(...taken.filter(isEarlierName).map(timeOf), 0);
  return `server-${stampOf(Math.max(at, last + 1))}.log`;
}

/** A name right before `name`, and after all others that were so made. Pure. */
export function nameBefore(name: string, taken: readonly string[]): string {
  const stem = basename(name, '.log');
  const made = taken.filter((other) => other.startsWith(`${stem}-`) && isEarlierName(other));
  const last = Math.max(...made.map((other) => Number(/-(\d+)\.log$/.exec(other)?.[1] ?? 0)), 0);
  return `${stem}-${String(last + 1).padStart(4, '0')}.log`;
}

/** `20260101T120000000Z`. */
export function stampOf(at: number): string {
  return new Date(Math.floor(at)).toISOString().replace(/[-:.]/g, '');
}

function timeOf(name: string): number {
  const [, year, month, day, hour, minute, second, milliseconds] = EARLIER.exec(name) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`);
}
