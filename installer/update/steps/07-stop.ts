import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { ensureLiveBundle, mayRun } from '../live-bundle.ts';
import { factsOf } from '../journal-entry.ts';
import { watchServer } from '../watch.ts';
import type { Step, StepContext } from '../step.ts';
import { drain } from './06-drain.ts';

/** Stops the server; from here on only this order starts it. Undoing means: the old version runs again, and proves it. */
export const stop: Step<'stop'> = {
  async run(context) {
    const { tools, order } = context;
    tools.server.hold(faultOf('update-running', 'an update is under way', { values: { updateId: order.id } }));
    const emptied = await emptyAgain(context);
    if (!emptied.ok) {
      return emptied;
    }
    const stopped = await tools.server.stop({ reason: `${order.kind} ${order.id}`, startsAgain: true });
    return stopped.ok ? succeed({ rung: stopped.value.rung, tookMs: stopped.value.tookMs }) : stopped;
  },
  async undo(context) {
    const { tools } = context;
    const whole = await ensureLiveBundle(tools.files, tools.places, await tools.installed.read(), tools.log);
    if (!whole.ok) {
      return whole;
    }
    const runs = await startOldVersion(context);
    // Held or not: a server that does not come up now is tried again by the supervisor, ever more slowly.
    tools.server.resume();
    return runs;
  },
};

/**
 * Users may have logged in since an earlier launcher saw the last one leave: while there was none, nobody told them (promise 6).
 *
 * A server that the earlier one asked to end may end meanwhile: it is held, so nothing starts it, and nobody is on it.
 */
async function emptyAgain(context: StepContext): Promise<Result<unknown>> {
  const { journal, inherited, tools } = context;
  const drained = journal.findLastIndex((entry) => entry.kind === 'done' && entry.step === 'drain');
  return drained < inherited && mayRun(tools.server.state()) ? drain.run(context) : succeed();
}

/** A fallback is itself watched; it must be as well as it was before the stop, not better. */
async function startOldVersion(context: StepContext): Promise<Result<void>> {
  const { tools } = context;
  const started = await tools.server.start({ startLimitMs: tools.policy.startLimitMs, signal: context.signal });
  const watched = started.ok ? await watchServer(context, { watchMs: 0 }) : started;
  const wasReady = factsOf(context.journal, 'drain')?.baseline.ready ?? true;
  if (watched.ok || !wasReady) {
    return succeed();
  }
  return fail(watched.fault);
}
