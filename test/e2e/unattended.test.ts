import { describe, expect, it } from 'vitest';
import { until } from '../kit/until.ts';
import { checkSite } from './kit/check-site.ts';
import { changeConfiguration, demandValue, journalsOf, openScene, type Scene, told } from './kit/scene.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const HELD = '2026.3.0';
const STAGED = '2026.4.0';
const HOUR_MS = 3_600_000;
const LIMIT_MS = 60_000;

/** A window by the wall clock of UTC, from so many hours after now to so many. */
function windowAround(fromHours: number, toHours: number): Record<string, unknown> {
  const [from, to] = [fromHours, toHours].map((hours) =>
    new Date(Date.now() + hours * HOUR_MS).toISOString().slice(11, 16),
  );
  return { windows: [{ from, to }], zone: 'Etc/UTC', checkSeconds: 1 };
}

async function restartWith(scene: Scene, updates: Record<string, unknown>): Promise<void> {
  await scene.killLauncher('SIGTERM');
  changeConfiguration(scene.site, (configuration) => Object.assign(configuration.updates, updates));
  await scene.start();
}

async function waiting(scene: Scene, version: string): Promise<void> {
  await until(
    async () => {
      const status = demandValue(await scene.api.status());
      return status.update?.state === 'scheduled' && status.update.to === version;
    },
    () => `${version} to be prepared and to wait; the journal says ${told(scene.journal())}`,
    LIMIT_MS,
  );
}

async function settledOrders(scene: Scene, outcomes: readonly string[]): Promise<void> {
  const seen = (): string =>
    journalsOf(scene.site)
      .map((journal) => journal.at(-1))
      .map((end) => (end?.kind === 'settled' ? end.outcome : 'open'))
      .join();
  await until(
    () => seen() === outcomes.join(),
    () => `${outcomes.join()}, but ${seen()}; ${journalsOf(scene.site).map(told).join(' | ')}`,
    LIMIT_MS,
  );
}

describe('updates without anybody’s order', { timeout: 180_000 }, () => {
  it('prepares ahead, waits for its window, obeys roll-outs, and yields to a person', async () => {
    const scene = await openScene({
      installed: { version: OLD },
      updates: { mode: 'auto', schedule: windowAround(3, 5) },
    });
    const { site, api } = scene;
    await site.release(NEW);
    await scene.start();

    // Prepared, and nobody is disturbed before the window.
    await waiting(scene, NEW);
    const planned = demandValue(await api.status());
    expect(planned).toMatchObject({ version: OLD, nextAction: 'warn', update: { orderedBy: 'schedule' } });
    const ahead = Date.parse(planned.nextActionAt ?? '') - Date.now();
    expect(ahead).toBeGreaterThan(2 * HOUR_MS);
    expect(ahead).toBeLessThan(4 * HOUR_MS);
    expect(demandValue(await api.check()).notYet).toMatchObject([{ version: NEW, reason: 'window' }]);

    // Another configuration: what was prepared under the old one is given up; the window is open, so it happens.
    await restartWith(scene, { schedule: windowAround(-1, 1) });
    await settledOrders(scene, ['cancelled', 'updated']);
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['cancelled', 'updated'] });
    expect(demandValue(await api.status())).toMatchObject({ nextAction: 'check' });

    // Not this machine's turn: told, not taken.
    await site.release(HELD, { rollout: { percentage: 0 } });
    const check = await site.cli(['check', '--json']);
    expect({ exit: check.exit, ...(JSON.parse(check.output) as object) }).toMatchObject({
      exit: 75,
      upToDate: false,
      notYet: [{ version: HELD, reason: 'rollout' }],
    });
    expect((await site.cli(['update'])).exit).toBe(75);

    // Staged: everything is done but what disturbs, until a person says so; then it is his order.
    await restartWith(scene, { mode: 'stage' });
    await site.release(STAGED);
    await waiting(scene, STAGED);
    expect(demandValue(await api.status())).toMatchObject({ version: NEW, nextAction: 'warn' });
    expect(demandValue(await api.check()).notYet?.[0]).toMatchObject({ version: STAGED, reason: 'word' });
    const order = demandValue(await api.orderUpdate({}));
    expect(order.orderedBy).not.toBe('schedule');
    expect(await scene.settled(order.id)).toMatchObject({ state: 'updated', to: STAGED });
    const outcomes = ['cancelled', 'updated', 'refused', 'updated'] as const;
    await checkSite(site, { version: STAGED, kept: NEW, outcomes: [...outcomes] });
  });
});
