import { isSameProcess, type ProcessIdentity } from '../../platform/processes.ts';
import { factsOf } from './journal-entry.ts';
import type { StepContext } from './step.ts';
import type { UpdateTools } from './tools.ts';

/** Nobody is put out after all. */
export async function allowLogins({ sessions, log }: Pick<UpdateTools, 'sessions' | 'log'>): Promise<void> {
  const allowed = await sessions.refuseLogins(false);
  if (!allowed.ok) {
    // A server that was just started anew accepts logins anyway.
    log.warn('the server did not take the order to accept logins', { code: allowed.fault.code });
  }
}

/** A server that takes no notice is asked again after this, milliseconds; each try may start a configured command. */
const ASK_AGAIN_MS = 5_000;

/** The server process that can show a notice now. */
export function listeningServer({ tools }: Pick<StepContext, 'tools'>): ProcessIdentity | undefined {
  const state = tools.server.state();
  return state.kind === 'up' || state.kind === 'degraded' || state.kind === 'draining' ? state.process : undefined;
}

/** One that was adopted may serve users though nothing has proven it ready yet. */
function presentServer(context: Pick<StepContext, 'tools'>): ProcessIdentity | undefined {
  const state = context.tools.server.state();
  return state.kind === 'starting' ? state.process : listeningServer(context);
}

/**
 * Gives what tells the users of the running server how long they have, each time that this is another one than was told:
 * after a crash of it or of the machine, those who logged in since know nothing, and logins are open again. The same after a
 * crash of the launcher: its notices were gone meanwhile.
 */
export function keepServerTold(context: StepContext): (secondsLeft: number) => Promise<void> {
  const { tools } = context;
  let told = factsOf(context.journal.slice(context.inherited), 'warn')?.told;
  let asked = { kind: 'nothing', at: -Infinity };
  return async (secondsLeft) => {
    const { kind } = tools.server.state();
    const server = presentServer(context);
    const now = tools.clock.monotonic();
    const isTooSoon = kind === asked.kind && now < asked.at + ASK_AGAIN_MS;
    if (server === undefined || isSameProcess(server, told) || isTooSoon) {
      return;
    }
    asked = { kind, at: now };
    await tools.sessions.refuseLogins(true);
    const taken = await tools.sessions.warn({
      id: `${context.order.id}-soon-${server.pid}`,
      text: tools.messenger.noticeText('update-soon', secondsLeft),
      secondsLeft,
    });
    told = taken.ok ? server : told;
  };
}

/** A fallback has no more time than this to lose for a word to whoever is there, milliseconds. */
const LAST_WORD_MS = 3_000;
const TRY_AGAIN_MS = 500;

/**
 * Tells whoever logged in to the new version that they are put out now. There is no delay to give them: it is taken away
 * because it is not well, or because nobody knows whether it is.
 */
export async function tellGoingBack(context: StepContext): Promise<void> {
  const { clock, log } = context.tools;
  const over = new AbortController();
  const end = await Promise.race([sayGoingBack(context, over.signal), clock.sleep(LAST_WORD_MS, over.signal)]);
  over.abort();
  if (end === 'told' || end === 'nobody there') return;
  log.warn('users of the new version were not told that it is taken away', { why: end });
}

async function sayGoingBack(context: StepContext, over: AbortSignal): Promise<string> {
  const { sessions, messenger, clock } = context.tools;
  for (;;) {
    const server = presentServer(context);
    if (server === undefined) return 'nobody there';
    // Logins first: whoever came after the notice would not see it.
    const [, taken] = await Promise.all([
      sessions.refuseLogins(true),
      sessions.warn({
        id: `${context.order.id}-back-${server.pid}`,
        text: messenger.noticeText('update-now'),
        secondsLeft: 0,
      }),
    ]);
    if (taken.ok) return 'told';
    // A server that was just adopted finds its new launcher within a moment.
    const mayComeYet = context.inherited > 0 && taken.fault.code === 'sessions-unknown';
    if (!mayComeYet || (await clock.sleep(TRY_AGAIN_MS, over)) === 'aborted') return taken.fault.code;
  }
}
