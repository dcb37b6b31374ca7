import { pino } from 'pino';
import type { Clock } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { TextOutput } from '../../platform/own-process.ts';
import type { LogLimits } from '../../supervisor/server-options.ts';
import { openLogFile } from './log-file.ts';

export interface LauncherLogOptions {
  readonly folder: string;
  readonly limits: Pick<LogLimits, 'fileBytes' | 'ageMs'>;
  readonly level: 'info' | 'warn' | 'error';
  /** What a person reads who runs the launcher by hand: plain time-stamped lines. */
  readonly output?: TextOutput;
}

/**
 * The launcher's own log: JSON lines in `launcher.log`, written synchronously without worker threads, which single
 * executables cannot start (toolchain notes of pino: transports).
 *
 * A full or failing disk costs lines of the log and nothing else: the file is tried again with every further line.
 */
export async function openLauncherLog(
  { files, clock }: { readonly files: Files; readonly clock: Clock },
  options: LauncherLogOptions,
): Promise<Log> {
  const { folder, limits, output } = options;
  const made = await files.makeFolder(folder, LOG_FOLDER_MODE);
  const onError = (error: Error): void => {
    output?.write(plainLine('error', 'the log cannot be written', { why: error.message }));
  };
  const file = await openLogFile({ files, clock, folder, limits, onError });
  const logger = pino({ level: options.level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }, file);
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      logger[level](fields, message);
      output?.write(plainLine(level, message, fields));
    };
  if (!made.ok) output?.write(plainLine('error', 'the log has no folder', { why: made.fault.detail }));
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

const LOG_FOLDER_MODE = 0o750;

function plainLine(level: string, message: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join('');
  return `${new Date().toISOString()} ${level === 'info' ? '' : `${level}: `}${message}${details}\n`;
}
