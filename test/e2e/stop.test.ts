import { describe, expect, it } from 'vitest';
import { checkSite } from './kit/check-site.ts';
import { changeConfiguration, demandValue, openScene, type Scene, serverStatus, told } from './kit/scene.ts';
import type { Behaviour } from '../programs/om-server/behaviour.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const QUICK: Behaviour = { startMs: 0, quitMs: 20, dialogMs: 50, conversionMs: 100 };

/** A site with a release on offer, whose installed server behaves in its own way when it is stopped. */
async function openStopping(behaviour: Behaviour, stop: Readonly<Record<string, unknown>>): Promise<Scene> {
  const scene = await openScene({ installed: { version: OLD, behaviour: { ...QUICK, ...behaviour } } });
  changeConfiguration(scene.site, (configuration) => {
    configuration.server['stop'] = stop;
  });
  await scene.site.release(NEW);
  await scene.start();
  return scene;
}

describe('an update of a server that does not stop', { timeout: 150_000 }, () => {
  it('is given up where the configuration forbids to kill it; the server stays, with its reason told', async () => {
    const stop = { orderSeconds: 0.5, requestSeconds: 0.5, kill: 'never', proveSeconds: 5 };
    const scene = await openStopping({ ignoresQuit: true }, stop);
    const { site, api } = scene;
    const before = await serverStatus(site);
    const { id } = demandValue(await api.orderUpdate({ delaySeconds: 0 }));
    const end = await scene.settled(id);
    expect(end, told(scene.journal())).toMatchObject({ state: 'fell-back', error: { code: 'server-survived-stop' } });
    expect(end.error?.message).toContain(`node (process ${String(before?.['processId'])})`);
    expect(end.error?.remedy).not.toBe('');
    expect(end.steps.find(({ name }) => name === 'swap')?.state).toBe('waiting');
    expect((await serverStatus(site))?.['processId']).toBe(before?.['processId']);
    expect((await serverStatus(site))?.['loginsRefused']).toBe(false);
    await checkSite(site, { version: OLD, outcomes: ['fell-back'] });
    expect(demandValue(await api.status())).toMatchObject({ state: 'up', processId: before?.['processId'] });
  });

  it('waits for the backup that the server makes at its end, and kills nothing', async () => {
    // The backup outlasts order and request, which a server without it would not survive.
    const stop = { orderSeconds: 0.5, requestSeconds: 3, proveSeconds: 5 };
    const scene = await openStopping({ backsUpAtQuitMs: 4_000 }, stop);
    const { site, api } = scene;
    const { id } = demandValue(await api.orderUpdate({ delaySeconds: 0 }));
    const end = await scene.settled(id);
    expect(end, told(scene.journal())).toMatchObject({ state: 'updated' });
    const stopped = scene.journal().find((entry) => entry.kind === 'done' && entry.step === 'stop');
    expect(stopped).toMatchObject({ facts: { rung: 'request' } });
    expect(end.downtimeMs).toBeGreaterThan(3_900);
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
  });
});
