import type { Log } from '../../platform/log.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines for the test to look at. */
export function createRecordingLog(): Log & { readonly lines: readonly LogLine[]; messages(): readonly string[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    messages: () => lines.map((line) => line.message),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}
