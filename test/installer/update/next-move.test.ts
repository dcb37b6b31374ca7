import { describe, expect, test } from 'vitest';
import { faultOf, type FaultCode } from '../../../platform/fault.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import {
  blamesRelease,
  FIRST_RETRY_MS,
  isTransient,
  LONGEST_RETRY_MS,
  nextMove,
  outcomeOf,
} from '../../../installer/update/next-move.ts';
import type { Order } from '../../../installer/update/order.ts';
import { PIPELINE, pipelineFor, type StepName, type UndoableStep } from '../../../installer/update/pipeline.ts';

const UPDATE: Order = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 60, language: 'en' };
const ROLLBACK: Order = { ...UPDATE, kind: 'rollback' };

const began = (step: StepName): JournalEntry => ({ kind: 'began', at: 0, step });
const done = (step: StepName): JournalEntry => ({ kind: 'done', at: 0, step, facts: {} }) as unknown as JournalEntry;
const failed = (step: StepName, code: FaultCode, at = 0): JournalEntry => ({
  kind: 'failed',
  at,
  step,
  fault: faultOf(code, 'as the test wants it'),
});
const undoBegan = (step: UndoableStep): JournalEntry => ({ kind: 'undo-began', at: 0, step });
const undone = (step: UndoableStep): JournalEntry => ({ kind: 'undone', at: 0, step });
const cancelled: JournalEntry = { kind: 'cancelled', at: 0, by: 'test' };

/** The journal of an order whose steps up to and with this one are done. */
function doneUpTo(last: StepName | undefined, order = UPDATE): JournalEntry[] {
  const names = pipelineFor(order.kind).map(({ step }) => step);
  const steps = last === undefined ? [] : names.slice(0, names.indexOf(last) + 1);
  return [{ kind: 'ordered', at: 0, order }, ...steps.flatMap((step) => [began(step), done(step)])];
}

describe('ahead', () => {
  test.each(PIPELINE.map(({ step }, index) => [PIPELINE[index - 1]?.step, step] as const))(
    'after %s comes %s',
    (last, next) => expect(nextMove(doneUpTo(last), 0)).toEqual({ kind: 'run', step: next }),
  );

  test('after the last step the order settles as updated, and then rests', () => {
    const all = doneUpTo('cleanUp');
    expect(nextMove(all, 0)).toEqual({ kind: 'settle', outcome: 'updated' });
    expect(nextMove([...all, { kind: 'settled', at: 0, outcome: 'updated' }], 0)).toEqual({
      kind: 'rest',
      outcome: 'updated',
    });
  });

  test('a rollback downloads and stages nothing', () => {
    expect(nextMove(doneUpTo('preflight', ROLLBACK), 0)).toEqual({ kind: 'run', step: 'warn' });
    expect(nextMove(doneUpTo('backUp', ROLLBACK), 0)).toEqual({ kind: 'run', step: 'swap' });
    expect(nextMove(doneUpTo('cleanUp', ROLLBACK), 0)).toEqual({ kind: 'settle', outcome: 'rolled-back' });
  });

  test('only the warning waits for the ordered time: a release is fetched and staged before', () => {
    const journal = doneUpTo('preflight', { ...UPDATE, notBefore: 5_000 });
    expect(nextMove(journal, 1_000)).toEqual({ kind: 'run', step: 'download' });
  });

  test('a window that is open lets nobody be warned before the ordered time', () => {
    const always = { windows: [{ from: '00:00', to: '00:00' }], zone: 'Etc/UTC' };
    const journal = doneUpTo('stage', { ...UPDATE, notBefore: 5_000, unattended: { kind: 'in-window', rule: always } });
    expect(nextMove(journal, 1_000)).toEqual({ kind: 'wait', until: 5_000, why: 'scheduled', step: 'warn' });
  });

  test('hours for downloads hold the download back, and no other step', () => {
    const never = { windows: [{ from: '22:00', to: '23:00' }], zone: 'Etc/UTC' };
    const order: Order = { ...UPDATE, unattended: { kind: 'on-word', downloads: never } };
    expect(nextMove(doneUpTo('preflight', order), 0)).toMatchObject({ kind: 'wait', step: 'download' });
    expect(nextMove(doneUpTo('download', order), 0)).toEqual({ kind: 'run', step: 'verify' });
  });

  test('users are not warned before the ordered time, however often it is asked', () => {
    const journal = doneUpTo('stage', { ...UPDATE, notBefore: 5_000 });
    expect(nextMove(journal, 1_000)).toEqual({ kind: 'wait', until: 5_000, why: 'scheduled', step: 'warn' });
    expect(nextMove(journal, 5_000)).toEqual({ kind: 'run', step: 'warn' });
    expect(nextMove([...journal, began('warn')], 1_000)).toEqual({ kind: 'run', step: 'warn' });
  });
});

describe('a step that a crash cut in half', () => {
  test.each(PIPELINE.filter(({ phase }) => phase === 'undoable').map((rule) => [rule.step, rule] as const))(
    '%s',
    (step, { afterCrash }) => {
      const before = PIPELINE[PIPELINE.findIndex((rule) => rule.step === step) - 1]?.step;
      const expected = afterCrash === 'again' ? { kind: 'run', step } : { kind: 'undo', step };
      expect(nextMove([...doneUpTo(before), began(step)], 0)).toEqual(expected);
    },
  );

  test.each(['commit', 'notify', 'cleanUp'] as const)('%s is run again', (step) => {
    const before = PIPELINE[PIPELINE.findIndex((rule) => rule.step === step) - 1]?.step;
    expect(nextMove([...doneUpTo(before), began(step)], 0)).toEqual({ kind: 'run', step });
  });

  test('too often: it is lost', () => {
    const journal = [...doneUpTo('backUp'), began('carryOver'), began('carryOver'), began('carryOver')];
    expect(nextMove(journal, 0)).toEqual({ kind: 'undo', step: 'carryOver' });
  });
});

describe('a step that failed', () => {
  test('for good: what began is undone, last first', () => {
    const journal = [...doneUpTo('swap'), began('start'), failed('start', 'server-exited')];
    expect(nextMove(journal, 0)).toEqual({ kind: 'undo', step: 'start' });
    expect(nextMove([...journal, undoBegan('start'), undone('start')], 0)).toEqual({ kind: 'undo', step: 'swap' });
  });

  test('by the environment: it waits, doubling, and tries again while tries are left', () => {
    const once = [...doneUpTo('preflight'), began('download'), failed('download', 'connection-failed', 1_000)];
    expect(nextMove(once, 1_000)).toEqual({
      kind: 'wait',
      until: 1_000 + FIRST_RETRY_MS,
      why: 'retry',
      step: 'download',
    });
    expect(nextMove(once, 1_000 + FIRST_RETRY_MS)).toEqual({ kind: 'run', step: 'download' });
    const twice = [...once, began('download'), failed('download', 'connection-failed', 9_000)];
    expect(nextMove(twice, 9_000)).toMatchObject({ until: 9_000 + 2 * FIRST_RETRY_MS });
    const often = [
      ...doneUpTo('preflight'),
      ...Array.from({ length: 11 }, () => [began('download'), failed('download', 'too-slow', 0)]).flat(),
    ];
    expect(nextMove(often, 0)).toMatchObject({ until: LONGEST_RETRY_MS });
    expect(nextMove([...often, began('download'), failed('download', 'too-slow', 0)], 0)).toEqual({
      kind: 'undo',
      step: 'download',
    });
  });

  test('a clock that was set back does not make it wait longer', () => {
    const journal = [...doneUpTo('preflight'), began('download'), failed('download', 'too-slow', 1_000_000)];
    expect(nextMove(journal, 0)).toEqual({ kind: 'run', step: 'download' });
  });

  test('before anybody was disturbed: refused; after the stop began: fell back', () => {
    const early = [...doneUpTo(undefined), began('preflight'), failed('preflight', 'space-short')];
    expect(outcomeOf(early)).toBe('refused');
    expect(outcomeOf([...doneUpTo('swap'), began('start'), failed('start', 'server-exited')])).toBe('fell-back');
  });

  test('closing steps run after a fallback too, and their failure settles nothing differently', () => {
    const back = [
      ...doneUpTo(undefined),
      began('preflight'),
      failed('preflight', 'space-short'),
      undoBegan('preflight'),
      undone('preflight'),
    ];
    expect(nextMove(back, 0)).toEqual({ kind: 'run', step: 'notify' });
    const tries = Array.from({ length: 5 }, () => [
      began('notify'),
      failed('notify', 'unexpected', -LONGEST_RETRY_MS),
    ]).flat();
    expect(nextMove([...back, ...tries], 0)).toEqual({ kind: 'run', step: 'cleanUp' });
  });
});

describe('a pause of the hours for downloads is no try', () => {
  const pause = (step: StepName): JournalEntry[] => [began(step), failed(step, 'download-window-closed')];
  const tooSlow = [began('download'), failed('download', 'too-slow', 1_000)];

  test('the first failure after many waits as a first one does, and nothing is lost', () => {
    const pauses = Array.from({ length: 20 }, () => pause('download')).flat();
    expect(nextMove([...doneUpTo('preflight'), ...pauses, ...tooSlow], 1_000)).toMatchObject({
      kind: 'wait',
      until: 1_000 + FIRST_RETRY_MS,
    });
  });

  test('those of another step count nothing', () => {
    const [ordered, ...rest] = doneUpTo('preflight') as [JournalEntry, ...JournalEntry[]];
    expect(nextMove([ordered, ...pause('preflight'), ...rest, ...tooSlow], 1_000)).toMatchObject({
      kind: 'wait',
      until: 1_000 + FIRST_RETRY_MS,
    });
  });
});

describe('what a fault says', () => {
  test.each<[FaultCode, boolean]>([
    ['file-held', true],
    ['io-error', true],
    ['too-many-open-files', true],
    ['timed-out', true],
    ['worker-died', true],
    ['name-not-resolved', true],
    ['connection-refused', true],
    ['connection-failed', true],
    ['too-slow', true],
    ['body-truncated', true],
    ['http-status', true],
    ['server-port-taken', true],
    ['shipped-list-missing', false],
    ['server-exited', false],
    ['unexpected', false],
  ])('%s: a later try may help: %s', (code, expected) => {
    expect(isTransient(faultOf(code, 'as the test wants it'))).toBe(expected);
  });

  test('that the shipped list is missing is as lasting as its cause', () => {
    const missing = (code: FaultCode) => faultOf('shipped-list-missing', 'x', { cause: faultOf(code, 'y') });
    expect(isTransient(missing('connection-failed'))).toBe(true);
    expect(isTransient(missing('unexpected'))).toBe(false);
    // Others do not look at what is behind them.
    expect(isTransient(faultOf('unexpected', 'x', { cause: faultOf('too-slow', 'y') }))).toBe(false);
  });

  test.each<[FaultCode, boolean]>([
    ['smoke-failed', true],
    ['server-exited', true],
    ['server-not-ready', true],
    ['server-unhealthy', true],
    ['server-wrong-version', true],
    ['connection-failed', false],
    ['server-port-taken', false],
  ])('%s: the release itself is bad: %s', (code, expected) => {
    expect(blamesRelease(faultOf(code, 'as the test wants it'))).toBe(expected);
  });

  test('nothing that failed blames nothing', () => expect(blamesRelease(undefined)).toBe(false));
});

describe('turning back', () => {
  test('when all is undone and the closing steps are done, it settles', () => {
    const back = [began('preflight'), failed('preflight', 'space-short'), undoBegan('preflight'), undone('preflight')];
    const closed = (['notify', 'cleanUp'] as const).flatMap((step) => [began(step), done(step)]);
    expect(nextMove([...doneUpTo(undefined), ...back, ...closed], 0)).toEqual({ kind: 'settle', outcome: 'refused' });
  });

  test('an undo that went through at its last try calls nobody', () => {
    const undoFailed: JournalEntry = { kind: 'undo-failed', at: 0, step: 'drain', fault: faultOf('unexpected', 'x') };
    const often = [undoBegan('drain'), undoFailed, undoBegan('drain'), undoFailed, undoBegan('drain'), undone('drain')];
    expect(outcomeOf([...doneUpTo('drain'), cancelled, ...often])).toBe('cancelled');
  });

  test('the second undo waits twice as long as the first', () => {
    const undoFailed: JournalEntry = { kind: 'undo-failed', at: 0, step: 'drain', fault: faultOf('unexpected', 'x') };
    const once = [...doneUpTo('drain'), cancelled, undoBegan('drain'), undoFailed];
    expect(nextMove(once, 0)).toMatchObject({ until: FIRST_RETRY_MS });
    expect(nextMove([...once, undoBegan('drain'), undoFailed], 0)).toMatchObject({ until: 2 * FIRST_RETRY_MS });
  });

  test('a cancelled order undoes what it did; after the commit began it cannot be cancelled', () => {
    expect(nextMove([...doneUpTo('drain'), cancelled], 0)).toEqual({ kind: 'undo', step: 'drain' });
    expect(outcomeOf([...doneUpTo('drain'), cancelled])).toBe('cancelled');
    expect(nextMove([...doneUpTo('health'), began('commit'), cancelled], 0)).toEqual({ kind: 'run', step: 'commit' });
  });

  test('once it has turned it goes back to the end, also when the cause is gone', () => {
    const journal = [...doneUpTo('drain'), undoBegan('drain')];
    expect(nextMove(journal, 0)).toEqual({ kind: 'undo', step: 'drain' });
  });

  test('an undo that fails waits, is tried again, and at last a person is called while the rest is undone', () => {
    const undoFailed: JournalEntry = { kind: 'undo-failed', at: 0, step: 'drain', fault: faultOf('unexpected', 'x') };
    const journal = [...doneUpTo('drain'), cancelled, undoBegan('drain'), undoFailed];
    expect(nextMove(journal, 0)).toMatchObject({ kind: 'wait', why: 'retry', step: 'drain' });
    expect(nextMove(journal, LONGEST_RETRY_MS)).toEqual({ kind: 'undo', step: 'drain' });
    const givenUp = [...journal, undoBegan('drain'), undoFailed, undoBegan('drain'), undoFailed];
    expect(nextMove(givenUp, 0)).toEqual({ kind: 'undo', step: 'warn' });
    expect(outcomeOf(givenUp)).toBe('held');
  });
});
