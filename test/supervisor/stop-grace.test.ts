import { expect, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import type { SignalName } from '../../platform/processes.ts';
import { succeed } from '../../platform/result.ts';
import type { ChildLink, ChildReport } from '../../supervisor/child/child-link.ts';
import { climbStopLadder, type LadderOutcome } from '../../supervisor/stop-ladder.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { createRecordingLog } from '../kit/recording-log.ts';
import { serverOptions } from './supervised.ts';

const REQUEST_MS = 3_000;
const STEP_MS = 50;
const PROCESS = { pid: 1, startTime: '1', bootId: 'b' };

/** A server that never ends by itself and reports a backup until `busyUntilMs` after the request. */
async function stopWhileBusy(
  busyUntilMs: number,
): Promise<{ readonly outcome: LadderOutcome; readonly killedAfterMs?: number }> {
  const platform = openPlatform();
  const clock = createFakeClock();
  const { promise: exited, resolve: end } = Promise.withResolvers<{ kind: 'signalled'; signal: string }>();
  const began = clock.monotonic();
  let killedAt: number | undefined;
  const processes = {
    ...platform.processes,
    tree: () => Promise.resolve([]),
    isAlive: () => Promise.resolve(killedAt === undefined),
    findByNonce: () => Promise.resolve([]),
    holdersOf: () => Promise.resolve([]),
    nameOf: () => Promise.resolve('server'),
    signal: (_: unknown, name: SignalName) => {
      if (name === 'kill') {
        killedAt ??= clock.monotonic();
        end({ kind: 'signalled', signal: 'SIGKILL' });
      }
      return Promise.resolve(succeed());
    },
  };
  const report = (): ChildReport => ({ receivedAt: began, backupRunning: clock.monotonic() - began < busyUntilMs });
  const link = { cooperates: () => false, report } as unknown as ChildLink;
  const { start, stop, bundle } = serverOptions('/nowhere', 1, []);
  const climbing = climbStopLadder({
    dependencies: { ...platform, clock, processes, link, log: createRecordingLog(), random: () => new Uint8Array() },
    options: { start, bundle, stop: { ...stop, requestMs: REQUEST_MS } },
    target: { process: PROCESS, nonce: 'n', exited },
    reason: 'test',
    signal: new AbortController().signal,
    onRung: () => undefined,
  });
  let outcome: LadderOutcome | undefined;
  void climbing.then((reached) => (outcome = reached));
  while (!outcome) await clock.advance(STEP_MS);
  return { outcome, ...(killedAt !== undefined && { killedAfterMs: killedAt - began }) };
}

test.each([
  { what: 'never busy', busyUntilMs: 0, killedAfterMs: REQUEST_MS },
  { what: 'busy for the time of the request', busyUntilMs: REQUEST_MS, killedAfterMs: REQUEST_MS },
  // Seen busy once after the request: from there on the whole grace.
  { what: 'busy a little longer', busyUntilMs: REQUEST_MS + 10, killedAfterMs: 2 * REQUEST_MS },
])('a server that was $what is killed after $killedAfterMs ms', async ({ busyUntilMs, killedAfterMs }) => {
  const stopped = await stopWhileBusy(busyUntilMs);
  expect(stopped.outcome).toMatchObject({ kind: 'stopped', rung: 'kill' });
  expect(stopped.killedAfterMs).toBeGreaterThanOrEqual(killedAfterMs);
  expect(stopped.killedAfterMs).toBeLessThan(killedAfterMs + 4 * STEP_MS);
});

test.each([
  { busyUntilMs: REQUEST_MS + 500, why: 'only just ended' },
  { busyUntilMs: 2 * REQUEST_MS - 100, why: 'only just ended' },
  { busyUntilMs: Infinity, why: 'its backup runs' },
])('a server that was busy until $busyUntilMs ms is spared, and that is said', async ({ busyUntilMs, why }) => {
  const { outcome, killedAfterMs } = await stopWhileBusy(busyUntilMs);
  expect(killedAfterMs).toBeUndefined();
  expect(outcome).toMatchObject({
    kind: 'survived',
    fault: { code: 'server-survived-stop', cause: { detail: expect.stringContaining(why) as string } },
  });
});
