import { join } from 'node:path';
import { type DestinationStream, pino } from 'pino';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { TextOutput } from '../../platform/own-process.ts';

export interface LauncherLogOptions {
  readonly folder: string;
  readonly level: 'info' | 'warn' | 'error';
  /** What a person reads who runs the launcher by hand: plain time-stamped lines. */
  readonly output?: TextOutput;
}

/** Bytes that wait in memory while the file takes nothing; what comes after them is lost to the file. */
const WAITING_LIMIT = 1024 * 1024;

/**
 * The launcher's own log: JSON lines in `launcher.log`, written synchronously without worker threads, which single
 * executables cannot start (toolchain notes of pino: transports).
 *
 * A full or failing disk costs lines of the log and nothing else: the file is tried again with every further line.
 */
export async function openLauncherLog(files: Files, options: LauncherLogOptions): Promise<Log> {
  const { output } = options;
  const made = await files.makeFolder(options.folder, LOG_FOLDER_MODE);
  const file = createLogFile(join(options.folder, 'launcher.log'), (error) => {
    output?.write(plainLine('error', 'the log cannot be written', { why: error.message }));
  });
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

function createLogFile(path: string, onError: (error: Error) => void): DestinationStream {
  let file: ReturnType<typeof pino.destination> | undefined;
  const open = (): ReturnType<typeof pino.destination> | undefined => {
    try {
      const opened = pino.destination({ dest: path, sync: true, append: true, mode: 0o640, maxLength: WAITING_LIMIT });
      opened.on('error', onError);
      return opened;
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  };
  return {
    write(line) {
      file ??= open();
      file?.write(line);
    },
  };
}

function plainLine(level: string, message: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join('');
  return `${new Date().toISOString()} ${level === 'info' ? '' : `${level}: `}${message}${details}\n`;
}
