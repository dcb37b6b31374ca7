import { expect, test } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import { backUp } from '../../../installer/update/steps/08-back-up.ts';

const ORDER: Order = { id: 'order-0002', kind: 'rollback', orderedBy: 'test', delaySeconds: 0, language: 'en' };
const preflight = { to: '1', dataFormatChanges: true, nextBundle: '/X_old', backupToRestore: 'order-0001' };
const JOURNAL: readonly JournalEntry[] = [
  { kind: 'ordered', at: 0, order: ORDER },
  { kind: 'done', at: 1, step: 'preflight', facts: preflight },
  { kind: 'began', at: 2, step: 'backUp' },
];

/** A rollback that restored data, or had begun to; what is asked of the data is noted. */
function turnedBack(exists: Result<boolean>) {
  const asked: string[] = [];
  const note = async (what: string): Promise<Result<void>> => Promise.resolve((asked.push(what), succeed()));
  const tools = {
    server: { stop: async () => Promise.resolve(succeed({})) },
    policy: { restoreDataOnFallback: true },
    data: {
      exists: async () => Promise.resolve(exists),
      restore: async (id: string, restoreId: string) => note(`restore ${id} as ${restoreId}`),
      abandonRestore: async (id: string, restoreId: string) => note(`abandon ${restoreId} of ${id}`),
    },
  };
  return { asked, context: { order: ORDER, journal: JOURNAL, tools } as unknown as StepContext };
}

test('a rollback that turns back ends its own restore only once the data is back', async () => {
  const { asked, context } = turnedBack(succeed(true));
  expect(await backUp.undo(context)).toEqual(succeed());
  expect(asked).toEqual(['restore order-0002 as order-0002-back', 'abandon order-0002 of order-0001']);
});

test('without a copy to go back to nothing is restored or removed', async () => {
  const { asked, context } = turnedBack(succeed(false));
  expect(await backUp.undo(context)).toEqual(succeed());
  expect(asked).toEqual([]);
});

test('a disk that does not say whether there is a copy makes it try again', async () => {
  const { asked, context } = turnedBack(fail(faultOf('io-error', 'as planned')));
  expect(await backUp.undo(context)).toMatchObject({ ok: false, fault: { code: 'io-error' } });
  expect(asked).toEqual([]);
});
