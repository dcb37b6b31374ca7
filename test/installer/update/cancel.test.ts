import { expect, test } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { openPlatform } from '../../../platform/current.ts';
import { silentLog } from '../../../platform/log.ts';
import { openInstalledRecords } from '../../../installer/update/installed.ts';
import { PIPELINE, type StepName } from '../../../installer/update/pipeline.ts';
import type { StepContext, Steps } from '../../../installer/update/step.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';
import { createUpdates, type Updates } from '../../../installer/update/updates.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

const { files, clock } = openPlatform();

/** Orders whose steps do nothing, except those given here. */
function updatesWith(acts: Partial<Record<StepName, (context: StepContext) => Promise<void>>>): Updates {
  const root = temporaryFolder();
  const steps = PIPELINE.map(({ step }) => [
    step,
    {
      run: async (context: StepContext) => {
        await acts[step]?.(context);
        return context.signal.aborted ? fail(faultOf('cancelled', 'as asked')) : succeed({});
      },
      undo: async () => Promise.resolve(succeed()),
    },
  ]);
  const places = {
    bundle: root,
    oldBundle: `${root}_old`,
    stateFolder: root,
    stagingFolder: root,
    manifestFolder: root,
  };
  const installed = openInstalledRecords({ files, log: silentLog, clock: { now: () => 0 } }, root);
  const data = { expire: async () => Promise.resolve(succeed()) };
  const policy = { keepOldMs: 0 };
  const tools = { files, clock, log: silentLog, places, installed, data, policy } as unknown as UpdateTools;
  // The steps of this test read no facts, so empty ones serve.
  return createUpdates(tools, { journalFolder: `${root}/orders`, steps: Object.fromEntries(steps) as Steps });
}

/** Users who stay until somebody gives up. */
async function longDrain({ signal }: StepContext): Promise<void> {
  await clock.sleep(60_000, signal);
}

const ORDER = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 0, language: 'en' } as const;

async function outcomeOf(updates: Updates): Promise<string | undefined> {
  await updates.settled();
  return (await updates.history(1))[0]?.findLast((entry) => entry.kind === 'settled')?.outcome;
}

test('an order that was cancelled in its wait ends at once, and the word is kept', async () => {
  const updates = updatesWith({
    drain: longDrain,
  });
  await updates.order(ORDER);
  await until(
    () => updates.running()?.journal.some((entry) => entry.kind === 'began' && entry.step === 'drain'),
    'the wait',
  );
  expect(await updates.cancel(ORDER.id, 'Anna')).toEqual(succeed());
  expect(await outcomeOf(updates)).toBe('cancelled');
  expect(await updates.cancel(ORDER.id, 'Anna')).toMatchObject({ fault: { code: 'too-late' } });
});

test('told "cancelled" is cancelled, told "too late" is updated, whenever the word comes', async () => {
  for (let moment = 0; moment < 40; moment += 1) {
    const updates = updatesWith({});
    await updates.order(ORDER);
    await clock.sleep(moment);
    const said = await updates.cancel(ORDER.id, 'Anna');
    expect(await outcomeOf(updates)).toBe(said.ok ? 'cancelled' : 'updated');
  }
});

test('a second order gets the id of the first; the same id is the same order', async () => {
  const updates = updatesWith({ drain: longDrain });
  const [first, other] = await Promise.all([updates.order(ORDER), updates.order({ ...ORDER, id: 'order-0002' })]);
  expect(first.ok).toBe(true);
  expect(other).toMatchObject({ fault: { code: 'update-running', values: { updateId: ORDER.id } } });
  expect((await updates.order(ORDER)).ok).toBe(true);
  await updates.cancel(ORDER.id, 'test');
  await updates.settled();
  const again = await updates.order(ORDER);
  expect(again.ok && again.value.journal.at(-1)?.kind).toBe('settled');
});

test('postponements are limited in sum, and end with the stop', async () => {
  const updates = updatesWith({ drain: longDrain });
  await updates.order(ORDER);
  expect((await updates.postpone(ORDER.id, 500)).ok).toBe(true);
  expect(await updates.postpone(ORDER.id, 101)).toMatchObject({ fault: { code: 'too-late' } });
  await updates.close();
  expect(await updates.postpone(ORDER.id, 1)).toMatchObject({ fault: { code: 'too-late' } });
});

test('"continue" is heeded while users are waited for, and told to be nothing before', async () => {
  const hold = Promise.withResolvers<undefined>();
  const updates = updatesWith({
    stage: async () => {
      await hold.promise;
    },
    drain: longDrain,
  });
  await updates.order(ORDER);
  expect(await updates.continueEarly(ORDER.id)).toMatchObject({ fault: { code: 'nothing-to-do' } });
  hold.resolve(undefined);
  await until(
    () => updates.running()?.journal.some((entry) => entry.kind === 'began' && entry.step === 'drain'),
    'the wait',
  );
  expect(await updates.continueEarly(ORDER.id)).toEqual(succeed());
  await updates.cancel(ORDER.id, 'test');
  expect(await outcomeOf(updates)).toBe('cancelled');
  expect(await updates.continueEarly(ORDER.id)).toMatchObject({ fault: { code: 'too-late' } });
});
