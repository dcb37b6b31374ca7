import { join } from 'node:path';
import { pino } from 'pino';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { Result } from '../../platform/result.ts';
import { succeed } from '../../platform/result.ts';
import type { TextOutput } from '../../platform/own-process.ts';

export interface LauncherLogOptions {
  readonly folder: string;
  readonly level: 'info' | 'warn' | 'error';
  /** What a person reads who runs the launcher by hand: plain time-stamped lines. */
  readonly output?: TextOutput;
}

/**
 * The launcher's own log: JSON lines in `launcher.log`, written synchronously without worker threads, which single
 * executables cannot start (toolchain notes of pino: transports).
 */
export async function openLauncherLog(files: Files, options: LauncherLogOptions): Promise<Result<Log>> {
  const made = await files.makeFolder(options.folder, 0o750);
  if (!made.ok) {
    return made;
  }
  const logger = pino(
    { level: options.level, base: {}, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(options.folder, 'launcher.log'), sync: true, append: true, mode: 0o640 }),
  );
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      logger[level](fields, message);
      options.output?.write(plainLine(level, message, fields));
    };
  return succeed({ info: write('info'), warn: write('warn'), error: write('error') });
}

function plainLine(level: string, message: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join('');
  return `${new Date().toISOString()} ${level === 'info' ? '' : `${level}: `}${message}${details}\n`;
}
