import { describe, expect, it, test } from 'vitest';
import { faultOf, type FaultCode } from '../../../platform/fault.ts';
import { fail, succeed, type Result } from '../../../platform/result.ts';
import { downloadHours, withinDownloadHours } from '../../../installer/update/download-window.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import { nextMove } from '../../../installer/update/next-move.ts';
import type { Order } from '../../../installer/update/order.ts';
import { PIPELINE } from '../../../installer/update/pipeline.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

const NOON = Date.UTC(2026, 0, 5, 12);
const OPENS = Date.UTC(2026, 0, 5, 22);
const CLOSES = Date.UTC(2026, 0, 6, 5);
const HOUR_MS = 3_600_000;
const AT_NIGHT = { windows: [{ from: '22:00', to: '05:00' }], zone: 'Etc/UTC' };
const DOWNLOAD_ATTEMPTS = PIPELINE.find(({ step }) => step === 'download')?.attempts ?? 0;

const annas: Order = { id: 'order-1', kind: 'update', orderedBy: 'anna', delaySeconds: 90, language: 'en' };
const nobodys: Order = {
  ...annas,
  id: 'schedule-1',
  orderedBy: 'schedule',
  unattended: { kind: 'on-word', downloads: AT_NIGHT },
};

function journalOf(order: Order, ...entries: readonly JournalEntry[]): JournalEntry[] {
  const preflight = { kind: 'done', at: 0, step: 'preflight', facts: { to: '2.0' } } as unknown as JournalEntry;
  return [{ kind: 'ordered', at: 0, order }, { kind: 'began', at: 0, step: 'preflight' }, preflight, ...entries];
}

function tried(code: FaultCode, at: number): readonly JournalEntry[] {
  return [
    { kind: 'began', at, step: 'download' },
    { kind: 'failed', at, step: 'download', fault: faultOf(code, 'as the test wants it') },
  ];
}

const waits = (until: number) => ({ kind: 'wait', until, why: 'scheduled', step: 'download' });
const runs = { kind: 'run', step: 'download' };

describe('what nobody ordered', () => {
  test.each([
    ['waits before the hours', NOON, waits(OPENS)],
    ['is fetched within them', OPENS, runs],
    ['and to their last moment', CLOSES - 1, runs],
    ['and waits again from then on', CLOSES, waits(OPENS + 24 * HOUR_MS)],
  ])('%s', (_, now, move) => {
    expect(nextMove(journalOf(nobodys), now)).toEqual(move);
  });

  it('goes on at once where the hours begin again, however many nights it takes', () => {
    const nights = Array.from({ length: DOWNLOAD_ATTEMPTS * 2 }, (_, night) =>
      tried('download-window-closed', CLOSES + night * 24 * HOUR_MS),
    );
    const journal = journalOf(nobodys, ...nights.flat());
    const last = CLOSES + nights.length * 24 * HOUR_MS;
    expect(nextMove(journal, last)).toEqual(waits(last + 17 * HOUR_MS));
    expect(nextMove(journal, last + 17 * HOUR_MS)).toEqual(runs);
  });

  it('is still lost when the line fails too often within the hours', () => {
    const failures = Array.from({ length: DOWNLOAD_ATTEMPTS }, () => tried('connection-failed', OPENS));
    const journal = journalOf(nobodys, ...tried('download-window-closed', CLOSES - 24 * HOUR_MS), ...failures.flat());
    expect(nextMove(journal, OPENS + HOUR_MS)).toMatchObject({ kind: 'undo' });
  });

  it('is fetched at any time where no window ever opens, and where none is given', () => {
    const { unattended } = nobodys;
    expect(downloadHours({ unattended: { kind: 'on-word', downloads: { windows: [] } } }, NOON).kind).toBe('any-time');
    expect(downloadHours({ unattended: { kind: 'on-word' } }, NOON).kind).toBe('any-time');
    expect(downloadHours({ ...(unattended && { unattended }) }, NOON).kind).toBe('closed');
  });

  it('has its hours by the wall clock of the zone, also in the nights in which clocks change', () => {
    const zurich: Order['unattended'] = {
      kind: 'on-word',
      downloads: { windows: [{ from: '01:30', to: '02:30' }], zone: 'Europe/Zurich' },
    };
    // 29 March 2026: 02:00 becomes 03:00, which is when the skipped 02:30 counts. 25 October: the first of both 02:30.
    const spring = downloadHours({ unattended: zurich }, Date.UTC(2026, 2, 29, 0, 45));
    expect(spring).toEqual({ kind: 'open', until: Date.UTC(2026, 2, 29, 1, 0) });
    const autumn = downloadHours({ unattended: zurich }, Date.UTC(2026, 9, 25, 0, 0));
    expect(autumn).toEqual({ kind: 'open', until: Date.UTC(2026, 9, 25, 0, 30) });
    expect(downloadHours({ unattended: zurich }, Date.UTC(2026, 9, 25, 1, 0)).kind).toBe('closed');
  });
});

describe('what a person ordered', () => {
  it('is fetched at once', () => {
    expect(nextMove(journalOf(annas), NOON)).toEqual(runs);
  });

  it('also when it was waiting before, for the person takes it over', () => {
    const taken: JournalEntry = { kind: 'taken-over', at: NOON, by: 'anna', delaySeconds: 90, language: 'en' };
    expect(nextMove(journalOf(nobodys, taken), NOON)).toEqual(runs);
    expect(nextMove(journalOf(nobodys, ...tried('download-window-closed', NOON), taken), NOON)).toEqual(runs);
  });
});

describe('fetching', () => {
  const open = (order: Order, startMs: number) => {
    const clock = createFakeClock(startMs);
    const cancel = new AbortController();
    const tools = { clock } as unknown as UpdateTools;
    const context: StepContext = {
      order,
      journal: [],
      inherited: 0,
      tools,
      signal: cancel.signal,
      note: () => undefined,
    };
    return { clock, cancel, context };
  };
  const endless = ({ signal, tools }: StepContext): Promise<Result<string>> =>
    tools.clock
      .sleep(1_000 * HOUR_MS, signal)
      .then((end) => (end === 'elapsed' ? succeed('whole') : fail(faultOf('cancelled', 'as a transfer says it'))));

  it('is cut off when the hours are over, and that is no failure of the line', async () => {
    const { clock, context } = open(nobodys, OPENS);
    let outcome: Result<string> | undefined;
    void withinDownloadHours(context, endless).then((result) => (outcome = result));
    await clock.advanceUntil(() => outcome !== undefined);
    expect(outcome).toMatchObject({ fault: { code: 'download-window-closed' } });
    expect(clock.now()).toBe(CLOSES);
    expect(clock.sleeping()).toBe(0);
  });

  it('is cut off, too, when the wall clock is set beyond their end', async () => {
    const { clock, context } = open(nobodys, OPENS);
    let outcome: Result<string> | undefined;
    void withinDownloadHours(context, endless).then((result) => (outcome = result));
    await clock.advance(60_000);
    clock.jump(8 * HOUR_MS);
    await clock.advanceUntil(() => outcome !== undefined, 60_000);
    expect(outcome).toMatchObject({ fault: { code: 'download-window-closed' } });
  });

  it('begins nothing outside of them', async () => {
    const { context } = open(nobodys, NOON);
    const outcome = await withinDownloadHours(context, () => Promise.reject(new Error('was begun')));
    expect(outcome).toMatchObject({ fault: { code: 'download-window-closed' } });
  });

  it('that ends or is cancelled within them says so itself, and leaves nothing waiting', async () => {
    const { clock, cancel, context } = open(nobodys, OPENS);
    expect(await withinDownloadHours(context, () => Promise.resolve(succeed('whole')))).toEqual(succeed('whole'));
    const cancelled = withinDownloadHours(context, endless);
    cancel.abort();
    expect(await cancelled).toMatchObject({ fault: { code: 'cancelled' } });
    expect(clock.sleeping()).toBe(0);
  });
});
