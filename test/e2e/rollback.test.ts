import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../kit/until.ts';
import { checkSite } from './kit/check-site.ts';
import { demandValue, openScene, type Scene, type SceneTest, told } from './kit/scene.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';

describe.concurrent('a rollback', { timeout: 150_000 }, () => {
  it('goes back to the kept release at once, and a second one finds nothing to do', async (test) => {
    const scene = await openUpdated(test);
    const { site } = scene;
    await checkSite(site, {
      version: NEW,
      kept: OLD,
      outcomes: ['updated'],
      mails: [`partner@example.ch: demo: update done, version ${NEW}`],
    });
    expect(await site.cli(['--rollback'])).toMatchObject({ exit: 0 });
    await checkSite(site, { version: OLD, outcomes: ['updated', 'rolled-back'] });
    expect(await site.cli(['--rollback'])).toMatchObject({ exit: 6 });
    await checkSite(site, { version: OLD, outcomes: ['updated', 'rolled-back', 'refused'] });
  });

  it('across a data format happens only when a person says so, and brings the data back', async (test) => {
    const scene = await openUpdated(test, { dataFormat: '2' });
    const { site, api } = scene;
    const refused = await scene.settled(demandValue(await api.orderRollback({})).id);
    expect(refused).toMatchObject({ state: 'refused', error: { code: 'data-format-changed' } });
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated', 'refused'], dataFormat: '2' });
    const back = await scene.settled(demandValue(await api.orderRollback({ data: true })).id);
    expect(back, told(scene.journal())).toMatchObject({ state: 'rolled-back', to: OLD });
    await checkSite(site, {
      version: OLD,
      outcomes: ['updated', 'refused', 'rolled-back'],
      dataFormat: '1',
      restores: 1,
    });
  });

  it.for([
    { name: 'ends again and again', behaviour: { exitsAtOnce: 9 }, state: 'waiting' },
    { name: 'is never ready', behaviour: { neverReady: true }, state: 'starting' },
  ])('works although the live server $name', async ({ behaviour, state }, test) => {
    const scene = await openUpdated(test);
    const { site, api } = scene;
    const file = join(site.bundle, 'behaviour.json');
    writeFileSync(file, JSON.stringify(behaviour));
    // The act itself may wait for a readiness that never comes: only its effect matters.
    void api.serverAct('restart');
    await until(async () => demandValue(await api.status()).state === state, `the server to be ${state}`, 30_000);
    const back = await scene.settled(demandValue(await api.orderRollback({})).id);
    expect(back, told(scene.journal())).toMatchObject({ state: 'rolled-back', to: OLD });
    await checkSite(site, { version: OLD, outcomes: ['updated', 'rolled-back'] });
  });
});

describe('a cancellation', { timeout: 150_000 }, () => {
  it('is heeded in every phase before the commit, and too late after it', async () => {
    const scene = await openScene({ health: { watchSeconds: 3 } });
    const { site, api } = scene;
    await site.release(NEW, { size: { largeBytes: 12_000_000 } });
    await scene.start();
    const outcomes: ('cancelled' | 'updated')[] = [];
    for (const step of ['download', 'stage', 'drain', 'health'] as const) {
      const id = `cancel-${step}`;
      demandValue(await api.orderUpdate({ id, delaySeconds: 0 }));
      await scene.reached('began', step, id);
      const said = await api.cancelUpdate(id);
      const end = await scene.settled(id);
      expect({ step, said: said.ok, state: end.state }, told(scene.journal())).toEqual({
        step,
        said: true,
        state: 'cancelled',
      });
      outcomes.push('cancelled');
      await checkSite(site, { version: OLD, outcomes });
    }
    const { id } = demandValue(await api.orderUpdate({}));
    expect((await scene.settled(id)).state).toBe('updated');
    expect(await api.cancelUpdate(id)).toMatchObject({ ok: false, fault: { code: 'too-late' } });
    await checkSite(site, { version: NEW, kept: OLD, outcomes: [...outcomes, 'updated'] });
  });
});

async function openUpdated(test: SceneTest, release: { readonly dataFormat?: string } = {}): Promise<Scene> {
  const scene = await openScene({}, test);
  await scene.site.release(NEW, release);
  await scene.start();
  const update = await scene.settled(demandValue(await scene.api.orderUpdate({})).id);
  expect(update, told(scene.journal())).toMatchObject({ state: 'updated', from: OLD, to: NEW });
  return scene;
}
