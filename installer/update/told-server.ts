import type { ProcessIdentity } from '../../platform/processes.ts';
import { factsOf } from './journal-entry.ts';
import type { StepContext } from './step.ts';

/** A server that takes no notice is asked again after this, milliseconds; each try may start a configured command. */
const ASK_AGAIN_MS = 5_000;

/** The server process that can show a notice now. */
export function listeningServer({ tools }: Pick<StepContext, 'tools'>): ProcessIdentity | undefined {
  const state = tools.server.state();
  return state.kind === 'up' || state.kind === 'degraded' || state.kind === 'draining' ? state.process : undefined;
}

/**
 * Gives what tells the users of the running server how long they have, each time that this is another one than was told:
 * after a crash of it or of the machine, those who logged in since know nothing, and logins are open again.
 */
export function keepServerTold(context: StepContext): (secondsLeft: number) => Promise<void> {
  const { tools } = context;
  let told = factsOf(context.journal, 'warn')?.told;
  let askAt = 0;
  return async (secondsLeft) => {
    const server = listeningServer(context);
    if (server === undefined || isSame(server, told) || tools.clock.monotonic() < askAt) {
      return;
    }
    askAt = tools.clock.monotonic() + ASK_AGAIN_MS;
    await tools.sessions.refuseLogins(true);
    const taken = await tools.sessions.warn({
      id: `${context.order.id}-soon-${server.pid}`,
      text: tools.messenger.noticeText('update-soon', secondsLeft),
      secondsLeft,
    });
    told = taken.ok ? server : told;
  };
}

function isSame(one: ProcessIdentity, other: ProcessIdentity | undefined): boolean {
  return one.pid === other?.pid && one.startTime === other.startTime && one.bootId === other.bootId;
}
