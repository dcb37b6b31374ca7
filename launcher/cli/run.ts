import type { Log } from '../../platform/log.ts';
import type { Result } from '../../platform/result.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import { longestStopMs } from '../../supervisor/stop-budget.ts';
import { renderMistakes } from '../configuration/mistake.ts';
import { openLauncherLog } from '../wiring/launcher-log.ts';
import { formatDuration } from '../texts/format.ts';
import { say } from '../texts/messages.ts';
import type { Launcher } from '../wiring/launcher.ts';
import type { VerbContext } from './context.ts';
import { EXIT } from './exit-status.ts';
import { keepSmall } from './keep-small.ts';
import { createServiceNotices, type ServiceNotices } from '../service/notices.ts';
import { serverNow } from '../texts/describe.ts';

/**
 * `om-launcher run`: what the operating system starts. Recovers, starts the server, supervises until it is asked to end.
 *
 * An interrupt (Ctrl-C) and a termination stop the server cleanly and end with 0; the exit status says when that failed.
 */
export async function runLauncher(context: VerbContext): Promise<number> {
  const { platform, own, voice, loaded } = context;
  tellBlockedUpdates(context);
  const log = await openLauncherLog(platform, { ...loaded.configuration.logs, output: own.output });
  const { openLauncher } = await import('../wiring/launcher.ts');
  const launcher = await openLauncher(platform, loaded, log);
  if (!launcher.ok) return voice.fault(launcher.fault);
  const notices = createServiceNotices({ ...platform, log });
  const forgetState = tellState(launcher.value, notices, loaded.configuration.language);
  const stopWatching = endOnUncaught(context, log);
  const asked = askedToEnd(context, log);
  const listening = await launcher.value.start();
  const tcp = listening?.tcp;
  const port = tcp === undefined ? 'not open' : `${tcp.host}:${tcp.port}`;
  log.info('ready', { port, socket: listening?.socketPath });
  notices.ready();
  const growAgain = keepSmall(context, launcher.value.updates);
  await asked.promise;
  growAgain();
  const closed = await end(launcher.value, notices, log);
  asked.forget();
  stopWatching();
  forgetState();
  await notices.close();
  return closed.ok ? EXIT.done : voice.fault(closed.fault);
}

/** The watchdog's request to end is about this process alone: its server runs on, and the next launcher takes it over. */
async function end(launcher: Launcher, notices: ServiceNotices, log: Log): Promise<Result<void>> {
  const hung = notices.wasHung();
  notices.stopping();
  log.info(hung ? 'ending: the launcher was hung; the server is left running' : 'ending: the server is stopped first');
  return launcher.close(hung ? 'leave' : 'stop');
}

/** The state of the server is what an administrator wants to see of the service. */
function tellState({ server }: Launcher, notices: ServiceNotices, language: Language): () => void {
  notices.status(serverNow(server.state(), language));
  return server.subscribe((event) => {
    if (event.kind === 'state') notices.status(serverNow(event.state, language));
  });
}

/** Mistakes in parts that the server does not need: it starts, and updates wait. */
function tellBlockedUpdates({ voice, loaded: { updatesBlocked } }: VerbContext): void {
  const [first] = updatesBlocked;
  if (first === undefined) return;
  const count = updatesBlocked.length;
  voice.remark(renderMistakes(updatesBlocked));
  voice.remark(say(voice.language, 'warning.configuration', { count, first: `${first.path}: ${first.expected}` }));
}

/** The first request to end is obeyed; further ones are told how long that may take. */
function askedToEnd(
  { own, voice, loaded }: VerbContext,
  log: Log,
): { readonly promise: Promise<undefined>; readonly forget: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let requests = 0;
  const forget = own.onStopRequest((request) => {
    requests += 1;
    if (requests === 1) {
      resolve(undefined);
      return;
    }
    const time = formatDuration(longestStopMs(loaded.configuration.server.stop), voice.language);
    log.info('asked again to end', { request });
    voice.remark(say(voice.language, 'cli.stop-under-way', { time }));
  });
  return { promise, forget };
}

/** After a bug nothing here is to be trusted, but the server is: it runs on, and the next launcher takes it over. */
function endOnUncaught({ own }: VerbContext, log: Log): () => void {
  return own.onUncaught((error) => {
    const stack = error instanceof Error ? error.stack : String(error);
    log.error('a bug ended the launcher; the server was left running', { stack });
    own.exit(EXIT.failed);
  });
}
