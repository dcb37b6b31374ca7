import { createHash } from 'node:crypto';
import type { ProcessExit } from '../../platform/processes.ts';

/** The last words tell crashes apart; what is further above differs from run to run. */
const LINES = 5;
const DIGITS_SHOWN = 12;
const LONGEST_LINE = 400;

/** The same for crashes of the same kind: how it ended, and its last lines without what differs each time. Pure. */
export function fingerprintOf(exit: ProcessExit, lines: readonly string[]): string {
  const how =
    exit.kind === 'exited' ? `exit ${exit.code}` : exit.kind === 'signalled' ? `signal ${exit.signal}` : 'gone';
  const words = lines.slice(-LINES).map(withoutParticulars);
  return createHash('sha256')
    .update([how, ...words].join('\n'))
    .digest('hex')
    .slice(0, DIGITS_SHOWN);
}

/** Paths, addresses, times, numbers and hexadecimal digits are masked. Pure. */
export function withoutParticulars(line: string): string {
  return line
    .slice(0, LONGEST_LINE)
    .replace(/\b[A-Za-z]:\\[^\s"'<>|]*/g, '<path>')
    .replace(/(?:\/[\w.@+-]+){2,}\/?/g, '<path>')
    .replace(/\b(?:0x[0-9a-f]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b/gi, '<hex>')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b/gi, '<hex>')
    .replace(/\d+/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim();
}
