import { describe, expect, test } from 'vitest';
import { faultOf, type FaultCode } from '../../../platform/fault.ts';
import {
  decisiveFault,
  ENTRY_KINDS,
  factsOf,
  type JournalEntry,
  orderOf,
} from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';

const ORDER: Order = { id: 'order-0001', kind: 'update', orderedBy: 'schedule', delaySeconds: 60, language: 'en' };
const UNATTENDED: Order = { ...ORDER, unattended: { kind: 'on-word' } };
const PERSON = { by: 'anna', delaySeconds: 90, language: 'fr' } as const;

const ordered = (order: Order): JournalEntry => ({ kind: 'ordered', at: 0, order });
const takenOver = (more: object = {}): JournalEntry => ({ kind: 'taken-over', at: 1, ...PERSON, ...more });
const done = (step: string, facts: object): JournalEntry =>
  ({ kind: 'done', at: 2, step, facts }) as unknown as JournalEntry;
const failed = (code: FaultCode): JournalEntry => ({
  kind: 'failed',
  at: 3,
  step: 'start',
  fault: faultOf(code, 'as the test wants it'),
});

test('the kinds of lines are these', () => {
  expect(ENTRY_KINDS.join(' ')).toBe(
    'ordered began done failed undo-began undone undo-failed cancelled postponed continued taken-over settled',
  );
});

describe('the order of a journal', () => {
  test('is its first line, and nothing else', () => {
    expect(orderOf([ordered(ORDER), { kind: 'continued', at: 1 }])).toBe(ORDER);
    for (const journal of [[], [{ kind: 'continued', at: 1 } as const]]) {
      expect(() => orderOf(journal)).toThrow('a journal begins with its order');
    }
  });

  test('that nobody gave is that of the person who took it over', () => {
    const { by, ...rest } = PERSON;
    expect(orderOf([ordered(UNATTENDED), takenOver()])).toStrictEqual({ ...ORDER, orderedBy: by, ...rest });
    expect(orderOf([ordered(UNATTENDED), takenOver({ notBefore: 5, notifyEmail: 'anna@example.ch' })])).toStrictEqual({
      ...ORDER,
      orderedBy: by,
      ...rest,
      notBefore: 5,
      notifyEmail: 'anna@example.ch',
    });
  });

  test('of a person stays his', () => expect(orderOf([ordered(ORDER), takenOver()])).toBe(ORDER));
});

test('the facts of a step are those of its last done line, and of no other line', () => {
  const journal = [ordered(ORDER), done('swap', { n: 1 }), done('swap', { n: 2 }), done('drain', { n: 3 })];
  expect(factsOf([...journal, { kind: 'began', at: 9, step: 'swap' }], 'swap')).toEqual({ n: 2 });
  expect(factsOf(journal, 'warn')).toBeUndefined();
});

describe('the fault that decided', () => {
  const undo: JournalEntry = { kind: 'undo-began', at: 4, step: 'start' };

  test('is the last one before the order turned back', () => {
    const journal = [ordered(ORDER), failed('too-slow'), failed('server-exited'), undo, failed('unexpected')];
    expect(decisiveFault(journal)?.code).toBe('server-exited');
    expect(decisiveFault(journal.slice(0, 2))?.code).toBe('too-slow');
    expect(decisiveFault([...journal.slice(0, 2), { kind: 'began', at: 3, step: 'start' }])?.code).toBe('too-slow');
  });

  test('is the last one before it settled', () => {
    const settled: JournalEntry = { kind: 'settled', at: 5, outcome: 'refused' };
    expect(decisiveFault([ordered(ORDER), failed('space-short'), settled])?.code).toBe('space-short');
    expect(decisiveFault([ordered(ORDER), settled, failed('unexpected')])).toBeUndefined();
  });

  test('does not exist where nothing failed', () => {
    expect(decisiveFault([ordered(ORDER), { kind: 'began', at: 1, step: 'start' }])).toBeUndefined();
    expect(decisiveFault([ordered(ORDER), undo])).toBeUndefined();
  });
});
