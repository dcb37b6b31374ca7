/** A line of the launcher's log (one JSON object) for people: time, level, sentence, fields. Pure. */
export function launcherLine(line: string): string {
  const entry = objectIn(line);
  if (entry === undefined) return line;
  const { time, level, msg, ...fields } = entry;
  const told = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [text(time), levelName(level), text(msg), ...told].filter((part) => part !== '').join(' ');
}

/** pino's numbers for the levels that are worth a word. */
const LEVEL_NAMES: Readonly<Record<number, string>> = { 40: 'warn:', 50: 'error:', 60: 'fatal:' };

function levelName(level: unknown): string {
  return typeof level === 'number' ? (LEVEL_NAMES[level] ?? '') : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
