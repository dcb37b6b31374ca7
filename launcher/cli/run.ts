import type { OwnProcess } from '../../platform/own-process.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { LoadedConfiguration } from '../configuration/load.ts';
import { openLauncher } from '../launcher.ts';
import { openLauncherLog } from '../launcher-log.ts';
import { explainFault } from '../texts/explain.ts';
import type { Fault } from '../../platform/fault.ts';
import { exitStatusOf, EXIT } from './exit-status.ts';

/**
 * `om-launcher run`: what the operating system starts. Recovers, starts the server, supervises until it is asked to end.
 *
 * An interrupt (Ctrl-C) and a termination stop the server cleanly and end with 0; the exit status says when that failed.
 */
export async function runLauncher(platform: Platform, own: OwnProcess, loaded: LoadedConfiguration): Promise<number> {
  const { configuration } = loaded;
  const log = await openLauncherLog(platform.files, { ...configuration.logs, output: own.output });
  const launcher = log.ok ? await openLauncher(platform, loaded, log.value) : log;
  if (!log.ok || !launcher.ok) {
    return report(own, log.ok ? (launcher as { readonly fault: Fault }).fault : log.fault, configuration.language);
  }
  const asked = Promise.withResolvers<undefined>();
  const forget = own.onStopRequest(() => asked.resolve(undefined));
  const started = await launcher.value.start();
  if (started.ok) {
    const { tcp, socketPath } = started.value;
    log.value.info('ready', { port: tcp === undefined ? 'taken' : `${tcp.host}:${tcp.port}`, socket: socketPath });
    await asked.promise;
    log.value.info('ending: the server is stopped first');
  }
  const closed = await launcher.value.close(started.ok ? 'stop' : 'leave');
  forget();
  const ended = started.ok ? closed : started;
  return ended.ok ? EXIT.done : report(own, ended.fault, configuration.language);
}

function report(own: OwnProcess, fault: Fault, language: Language): number {
  const { message, remedy } = explainFault(fault, language, '');
  own.errorOutput.write(`${message}\n${remedy}\n`);
  return exitStatusOf(fault.code);
}
