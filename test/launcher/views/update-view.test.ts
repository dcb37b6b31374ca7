import { describe, expect, test } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import { downtimeOf, historyView, updateView, type ViewWords } from '../../../launcher/views/update-view.ts';

const ORDER: Order = { id: 'order-0001', kind: 'update', orderedBy: 'Administrator', delaySeconds: 60, language: 'en' };
const WORDS: ViewWords = {
  obstacle: ({ kind }) => kind,
  explain: ({ code }, language) => ({ message: `${code} in ${language}`, remedy: `mend ${code}` }),
  explainCause: ({ code }, language) => ({ message: `${code} in ${language}`, remedy: `mend ${code}` }),
  note: ({ kind }) => `note ${kind}`,
};
const ordered: JournalEntry = { kind: 'ordered', at: 1_000, order: ORDER };
const PREFLIGHT = { from: '1.0', to: '2.0', dataFormatChanges: false, nextBundle: '/staged' };

function step(name: 'preflight' | 'stop' | 'start', at: number): JournalEntry[] {
  const facts = { preflight: PREFLIGHT, stop: { tookMs: 1 }, start: { readyAfterMs: 1 } }[name];
  return [{ kind: 'began', at, step: name }, { kind: 'done', at: at + 500, step: name, facts } as JournalEntry];
}

describe('an order as it is shown', () => {
  test('under way: versions from preflight, the running step with its note, the others waiting', () => {
    const journal: JournalEntry[] = [
      ordered,
      ...step('preflight', 2_000),
      { kind: 'began', at: 3_000, step: 'download' },
    ];
    const note = { step: 'download' as const, note: { kind: 'scheduled' as const, at: 0 } };
    const view = updateView({ journal, note }, 'fr', WORDS);
    expect(view).toMatchObject({ id: 'order-0001', state: 'scheduled', from: '1.0', to: '2.0', cancellable: true });
    expect(view.steps.slice(0, 3)).toEqual([
      {
        name: 'preflight',
        state: 'done',
        startedAt: new Date(2_000).toISOString(),
        endedAt: new Date(2_500).toISOString(),
      },
      { name: 'download', state: 'running', startedAt: new Date(3_000).toISOString(), note: 'note scheduled' },
      { name: 'verify', state: 'waiting' },
    ]);
    expect(updateView({ journal }, 'fr', WORDS).state).toBe('running');
    expect(historyView(journal, 'en', WORDS)).toBeUndefined();
  });

  test('failed and undone: the outcome, the decisive fault in the asked language, the downtime until the old one ran', () => {
    const fault = faultOf('server-exited', 'it ended');
    const journal: JournalEntry[] = [
      ordered,
      ...step('preflight', 2_000),
      ...step('stop', 3_000),
      { kind: 'began', at: 4_000, step: 'start' },
      { kind: 'failed', at: 5_000, step: 'start', fault },
      { kind: 'undo-began', at: 5_100, step: 'start' },
      { kind: 'undone', at: 5_200, step: 'start' },
      { kind: 'undo-began', at: 5_300, step: 'stop' },
      { kind: 'undone', at: 7_000, step: 'stop' },
      { kind: 'settled', at: 8_000, outcome: 'fell-back' },
    ];
    const view = updateView({ journal }, 'de', WORDS);
    expect(view).toMatchObject({
      state: 'fell-back',
      downtimeMs: 4_000,
      cancellable: false,
      endedAt: new Date(8_000).toISOString(),
      error: { code: 'server-exited', message: 'server-exited in de', remedy: 'mend server-exited', lang: 'de' },
    });
    expect(view.steps.find(({ name }) => name === 'start')).toMatchObject({
      state: 'undone',
      note: 'server-exited in de',
    });
    expect(historyView(journal, 'de', WORDS)).toMatchObject({
      outcome: 'fell-back',
      code: 'server-exited',
      downtimeMs: 4_000,
    });
  });

  test('updated: a first try that failed is not shown as an error', () => {
    const journal: JournalEntry[] = [
      ordered,
      ...step('preflight', 2_000),
      { kind: 'failed', at: 2_900, step: 'download', fault: faultOf('too-slow', 'slow line') },
      ...step('stop', 3_000),
      ...step('start', 4_000),
      { kind: 'began', at: 5_000, step: 'commit' },
      { kind: 'settled', at: 6_000, outcome: 'updated' },
    ];
    const view = updateView({ journal }, 'en', WORDS);
    expect(view).toMatchObject({ state: 'updated', downtimeMs: 1_500, cancellable: false });
    expect(view.error).toBeUndefined();
  });
});

test('no downtime before the stop, none known while the server is away', () => {
  expect(downtimeOf([ordered])).toBeUndefined();
  expect(downtimeOf([ordered, ...step('stop', 3_000)])).toBeUndefined();
});
