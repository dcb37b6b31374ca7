import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { countOf } from '../../../supervisor/sessions/sessions.ts';
import { type Step, type StepContext } from '../step.ts';
import { allowLogins, listeningServer } from '../told-server.ts';

/** Lets nobody in any more and tells the users how long they have. Never while the server backs its data up: its users are blocked then. */
export const warn: Step<'warn'> = {
  async run(context) {
    const quiet = await waitForBackup(context);
    if (!quiet.ok) {
      return quiet;
    }
    const { tools, order } = context;
    // First: whoever logged in between the notice and the refusal would be put out without a word.
    await tools.sessions.refuseLogins(true);
    const presence = await tools.sessions.presence();
    const users = countOf(presence);
    const server = listeningServer(context);
    const told = await tools.sessions.warn({
      id: `${order.id}-soon`,
      text: tools.messenger.noticeText('update-soon', order.delaySeconds),
      secondsLeft: order.delaySeconds,
    });
    if (!told.ok) {
      // Clients that poll `/v1/notices` still see it; the delay is kept in full either way.
      tools.log.warn('the server did not take the notice', { code: told.fault.code });
    }
    return succeed({
      warned: told.ok,
      ...(users === undefined ? {} : { users }),
      ...(told.ok && server !== undefined ? { told: server } : {}),
    });
  },
  async undo({ tools, order }) {
    await allowLogins(tools);
    const told = await tools.sessions.warn({
      id: `${order.id}-cancelled`,
      text: tools.messenger.noticeText('update-cancelled'),
    });
    if (!told.ok) {
      tools.log.warn('the server did not take the notice', { code: told.fault.code });
    }
    return succeed();
  },
};

async function waitForBackup({ tools, signal }: StepContext): Promise<Result<void>> {
  const giveUpAt = tools.clock.monotonic() + tools.policy.backupPatienceMs;
  while (tools.sessions.backupRunning()) {
    if (tools.clock.monotonic() >= giveUpAt) {
      return fail(faultOf('backup-running', 'the server has been backing up its data for too long'));
    }
    if ((await tools.clock.sleep(BACKUP_POLL_MS, signal)) === 'aborted') {
      return fail(faultOf('cancelled', 'cancelled while waiting for the backup'));
    }
  }
  return succeed();
}

const BACKUP_POLL_MS = 1_000;
