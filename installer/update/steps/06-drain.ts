import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { countOf } from '../../../supervisor/sessions/sessions.ts';
import type { JournalEntry } from '../journal-entry.ts';
import { type Step, type StepContext } from '../step.ts';
import { allowLogins, keepServerTold, listeningServer } from '../told-server.ts';

/**
 * Waits until the last user has left or the delay is over, reminds them on the way, then closes what is still open.
 *
 * The delay runs on the monotonic clock; after a crash it starts anew in full, so that nobody is cut off before the time
 * that they were told (promise 6). Unknown sessions count as users.
 */
export const drain: Step<'drain'> = {
  async run(context) {
    const { tools } = context;
    const startedAt = tools.clock.monotonic();
    await tools.sessions.refuseLogins(true);
    const left = await waitForUsers(context, startedAt);
    if (!left.ok) {
      return left;
    }
    const closed = left.value === 0 ? undefined : await closeSessions(context, left.value);
    const sample = await tools.server.sampleHealth();
    return succeed({
      waitedMs: Math.round(tools.clock.monotonic() - startedAt),
      baseline: { ready: sample.ready, ...(sample.latencyMs === undefined ? {} : { latencyMs: sample.latencyMs }) },
      ...(closed === undefined ? {} : { closed }),
    });
  },
  async undo({ tools }) {
    await allowLogins(tools);
    return succeed();
  },
};

const POLL_MS = 500;

/** Resolves with the number of users still there at the end of the delay (`undefined` = unknown), or 0 when all have left. */
async function waitForUsers(context: StepContext, startedAt: number): Promise<Result<number | undefined>> {
  const { tools } = context;
  const reminded = new Set<number>();
  const tell = keepServerTold(context);
  for (;;) {
    await tell(Math.max(0, Math.ceil((startedAt + delayMs(context) - tools.clock.monotonic()) / 1000)));
    const users = countOf(await tools.sessions.presence());
    const leftMs = startedAt + delayMs(context) - tools.clock.monotonic();
    if (users === 0 || leftMs <= 0 || mayLeaveEarly(context.journal, users)) {
      return succeed(users);
    }
    const secondsLeft = Math.ceil(leftMs / 1000);
    context.note({ kind: 'users', secondsLeft, ...(users === undefined ? {} : { users }) });
    await remind(context, secondsLeft, reminded);
    if ((await tools.clock.sleep(Math.min(POLL_MS, leftMs), context.signal)) === 'aborted') {
      return fail(faultOf('cancelled', 'cancelled while users were leaving'));
    }
  }
}

/** The ordered delay and every postponement. */
function delayMs({ order, journal }: StepContext): number {
  const postponed = journal.reduce((sum, entry) => sum + (entry.kind === 'postponed' ? entry.seconds : 0), 0);
  return (order.delaySeconds + postponed) * 1000;
}

/**
 * "Continue" vouches for users whom the launcher cannot see; those that it does see keep their time.
 *
 * Only for this wait: after a crash others may have logged in.
 */
function mayLeaveEarly(journal: readonly JournalEntry[], users: number | undefined): boolean {
  const began = journal.findLastIndex((entry) => entry.kind === 'began' && entry.step === 'drain');
  return users === undefined && journal.slice(began).some(({ kind }) => kind === 'continued');
}

/** Each mark of the count-down once; marks that lie beyond the ordered delay were never promised and are skipped. */
async function remind({ tools, order }: StepContext, secondsLeft: number, reminded: Set<number>): Promise<void> {
  const mark = tools.policy.reminders.findLast((seconds) => secondsLeft <= seconds && order.delaySeconds > seconds);
  if (mark === undefined || reminded.has(mark)) {
    return;
  }
  reminded.add(mark);
  await tools.sessions.warn({
    id: `${order.id}-${mark}`,
    text: tools.messenger.noticeText('update-reminder', secondsLeft),
    secondsLeft,
  });
}

async function closeSessions(context: StepContext, users: number | undefined): Promise<number | undefined> {
  const { tools } = context;
  if (listeningServer(context) === undefined) {
    // It ended, and its users with it: to wait for the next one would let people in who were told nothing.
    return users;
  }
  const closed = await tools.sessions.closeAll();
  if (!closed.ok) {
    // The time that was told is over: the stop itself ends what is left.
    tools.log.warn('sessions could not be closed one by one', { code: closed.fault.code });
  }
  return users;
}
