import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../platform/clock.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { silentLog } from '../../../platform/log.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { ServerState } from '../../../supervisor/server-state.ts';
import { openInstalledRecords } from '../../../installer/update/installed.ts';
import { createJournal, type Journal } from '../../../installer/update/journal.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import { PIPELINE, type StepName } from '../../../installer/update/pipeline.ts';
import { beginOrder } from '../../../installer/update/running-order.ts';
import type { Steps } from '../../../installer/update/step.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { RUNNING, STOPPED, swapped } from './swapped.ts';

const { files } = openPlatform();
const ORDER = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 0, language: 'en' } as const;

type Line = { readonly kind: JournalEntry['kind']; readonly step?: StepName };

interface Scene {
  /** The line that cannot be written the first time; every line before it can. */
  readonly refuses?: Line;
  readonly server: ServerState;
  /** Whatever is undone fails. */
  readonly undoFails?: boolean;
  readonly begun?: readonly JournalEntry[];
}

/** Plays an order whose steps do nothing; gives what it came to. */
async function play({ refuses, server, undoFails = false, begun = [] }: Scene) {
  const root = temporaryFolder();
  let now = 0;
  // Nobody waits here: time passes as fast as it is slept away.
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
      return Promise.resolve('elapsed');
    },
  };
  const places = { ...(await swapped(root, ORDER.id)), stateFolder: root, stagingFolder: root, manifestFolder: root };
  const live = (): string => readFileSync(join(places.bundle, 'name'), 'utf8');
  const liveAtResume: string[] = [];
  let refused = false;
  const refusing: Files = {
    ...files,
    appendDurably: async (path, content, mode) => {
      const wanted = refuses !== undefined && !refused && JSON.stringify(refuses).slice(1, -1).split(',');
      if (wanted !== false && wanted.every((part) => content.toString().includes(part))) {
        refused = true;
        return fail(faultOf('io-error', 'as planned', { path }));
      }
      return files.appendDurably(path, content, mode);
    },
  };
  const tools = {
    files: refusing,
    clock,
    log: silentLog,
    places,
    installed: openInstalledRecords({ files, log: silentLog, clock: { now: () => 0 } }, root),
    server: { state: () => server, hold: () => undefined, resume: () => liveAtResume.push(live()) },
  } as unknown as UpdateTools;
  const journal = await journalWith(refusing, join(root, 'orders'), begun);
  const running = beginOrder(
    { tools, steps: stepsThat(undoFails), shutdown: new AbortController().signal, publish: () => undefined },
    journal,
  );
  const end = await running.end;
  return { outcome: end.kind === 'settled' ? end.outcome : end.kind, liveAtResume, journal: journal.entries };
}

async function journalWith(use: Files, folder: string, entries: readonly JournalEntry[]): Promise<Journal> {
  const journal = await createJournal(use, folder, ORDER, 0);
  if (!journal.ok) throw new Error(journal.fault.detail);
  for (const entry of entries) await journal.value.append(entry);
  return journal.value;
}

function stepsThat(undoFails: boolean): Steps {
  const undone: Result<void> = undoFails ? fail(faultOf('server-not-ready', 'as planned')) : succeed();
  const steps = PIPELINE.map(({ step }) => [
    step,
    { run: async () => Promise.resolve(succeed({})), undo: async () => Promise.resolve(undone) },
  ]);
  // The steps of this test read no facts, so empty ones serve.
  return Object.fromEntries(steps) as Steps;
}

const done = (...steps: readonly StepName[]): readonly JournalEntry[] =>
  steps.map((step) => ({ kind: 'began', at: 1, step }) as const);

describe('a journal that cannot be written', () => {
  test('below a server that runs no bundle is moved; the order turns back later', async () => {
    const { outcome, liveAtResume } = await play({ server: RUNNING, refuses: { kind: 'done', step: 'health' } });
    expect(liveAtResume).toEqual(['two']);
    expect(outcome).toBe('cancelled');
  });

  test('before the commit, without a server, the old bundle goes back before the server is started', async () => {
    const { outcome, liveAtResume } = await play({ server: STOPPED, refuses: { kind: 'done', step: 'swap' } });
    expect(liveAtResume).toEqual(['one']);
    expect(outcome).toBe('cancelled');
  });

  test.each<[string, Line]>([
    ['in the commit', { kind: 'done', step: 'commit' }],
    ['after it', { kind: 'began', step: 'notify' }],
    ['at the end', { kind: 'settled' }],
  ])('%s: nothing turns back, not even while no server runs', async (_, refuses) => {
    const { outcome, liveAtResume, journal } = await play({ server: STOPPED, refuses });
    expect(new Set(liveAtResume)).toEqual(new Set(['two']));
    expect(outcome).toBe('updated');
    expect(journal.some(({ kind }) => kind === 'cancelled')).toBe(false);
  });
});

test('an order that is over gives the server back, though undoing its stop was given up', async () => {
  const attempts = PIPELINE.find(({ step }) => step === 'stop')?.undoAttempts ?? 0;
  const begun: readonly JournalEntry[] = [
    ...done('preflight', 'stop'),
    { kind: 'failed', at: 2, step: 'stop', fault: faultOf('server-not-ready', 'as planned') },
    // Each of them cut off by a crash.
    ...Array.from({ length: attempts }, (_, index) => ({ kind: 'undo-began', at: 3 + index, step: 'stop' }) as const),
  ];
  const { outcome, liveAtResume } = await play({ server: STOPPED, begun, undoFails: true });
  expect(outcome).toBe('held');
  expect(liveAtResume).toEqual(['one']);
});
