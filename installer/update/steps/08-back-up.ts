import { type Result, succeed } from '../../../platform/result.ts';
import type { StepFacts } from '../facts.ts';
import type { JournalEntry } from '../journal-entry.ts';
import { required, type Step, type StepContext } from '../step.ts';
import { ensureStopped } from '../ensure-stopped.ts';

/** Saves the data before a release that changes its format starts; a rollback over a format restores it instead. */
export const backUp: Step<'backUp'> = {
  async run(context) {
    const stopped = await ensureStopped(context);
    if (!stopped.ok) {
      return stopped;
    }
    const { dataFormatChanges, backupToRestore } = required(context, 'preflight');
    if (!dataFormatChanges) {
      return succeed({});
    }
    const saved = await context.tools.data.save(context.order.id);
    if (!saved.ok) {
      return saved;
    }
    return backupToRestore === undefined
      ? succeed({ backupId: context.order.id })
      : restoreEarlier(context, backupToRestore);
  },
  async undo(context) {
    const { tools, journal, order } = context;
    const { dataFormatChanges, backupToRestore } = required(context, 'preflight');
    if (!dataFormatChanges) {
      return succeed();
    }
    const touched = backupToRestore !== undefined || journal.some(mayHaveConverted);
    const wanted = backupToRestore !== undefined || tools.policy.restoreDataOnFallback;
    const saved = await tools.data.exists(order.id);
    if (!saved.ok || !touched || !wanted || !saved.value) {
      return saved.ok ? succeed() : saved;
    }
    const restored = await restoreStopped(context);
    // A restore that was cut off is not finished any more: its copy of the data would lie there for ever.
    return restored.ok && backupToRestore !== undefined
      ? tools.data.abandonRestore(backupToRestore, order.id)
      : restored;
  },
};

/** The next release ran, or may have run while nothing could be written. */
function mayHaveConverted(entry: JournalEntry): boolean {
  return (
    (entry.kind === 'began' && entry.step === 'start') || (entry.kind === 'cancelled' && entry.nextWasLive === true)
  );
}

async function restoreEarlier(context: StepContext, backupId: string): Promise<Result<StepFacts['backUp']>> {
  const restored = await context.tools.data.restore(backupId, context.order.id);
  return restored.ok ? succeed({ backupId: context.order.id, restored: backupId }) : restored;
}

async function restoreStopped(context: StepContext): Promise<Result<void>> {
  const stopped = await ensureStopped(context);
  return stopped.ok ? context.tools.data.restore(context.order.id, `${context.order.id}-back`) : stopped;
}
