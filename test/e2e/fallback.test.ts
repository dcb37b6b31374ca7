import { readFileSync, renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../programs/om-server/behaviour.ts';
import { until } from '../kit/until.ts';
import { differencesFrom } from './kit/bundle-truth.ts';
import { checkSite } from './kit/check-site.ts';
import {
  changeConfiguration,
  demandValue,
  openScene,
  type Scene,
  type SceneTest,
  serverStatus,
  told,
} from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
const FAILED = 'partner@example.ch: demo: update failed, previous version restored';

interface BrokenRelease {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly code: RegExp;
  readonly dataFormat?: string;
}

const BROKEN: readonly BrokenRelease[] = [
  { name: 'is never ready', behaviour: { neverReady: true }, code: /^server-not-ready$/ },
  { name: 'exits at once', behaviour: { exitsAtOnce: 7 }, code: /^server-exited$/ },
  {
    name: 'dies after it was ready, within the watch',
    behaviour: { diesAfterReadyMs: 150 },
    code: /^server-(unhealthy|exited)$/,
  },
  { name: 'says that it is another version', behaviour: { reportsVersion: '1.2.3' }, code: /^server-wrong-version$/ },
  {
    name: 'hangs in the conversion of the data',
    behaviour: { hangsOnConversion: true },
    code: /server-not-ready/,
    dataFormat: '2',
  },
  {
    name: 'converts the data, and is never ready',
    behaviour: { neverReady: true },
    code: /server-not-ready/,
    dataFormat: '2',
  },
  {
    name: 'is never ready and ignores every order to stop',
    behaviour: { neverReady: true, ignoresQuit: true },
    code: /server-not-ready/,
  },
  {
    name: 'leaves a grandchild behind that holds files of the bundle',
    behaviour: { reportsVersion: '1.2.3', holdsFilesMs: 60_000, forksGrandchildMs: 60_000 },
    code: /server-wrong-version/,
  },
];

/** Machines that fall back side by side: most of the time they wait. */
const LANES = [0, 1, 2, 3];

describe.concurrent('a release that is broken falls back', { timeout: 300_000 }, () => {
  it('whatever is wrong with it', async (test) => {
    await Promise.all(
      LANES.map(async (lane) =>
        fallBackFrom(
          BROKEN.filter((_, index) => index % LANES.length === lane),
          test,
        ),
      ),
    );
  });

  it('and is held when the old version is broken, too', bothBroken);

  it('is installed when a person names it, and is well once its surroundings are', async (test) => {
    const scene = await openScene({ server: { start: START_LIMITS } }, test);
    const { site, api } = scene;
    await site.release(NEW, { behaviour: { startMs: 4_000 } });
    await scene.start();
    expect(await update(scene)).toMatchObject({ state: 'fell-back', error: { code: 'server-not-ready' } });
    // Marked: not offered again, and not installed again unless a person names it.
    expect(demandValue(await api.releases()).find(({ version }) => version === NEW)).toMatchObject({ state: 'bad' });
    expect(await update(scene)).toMatchObject({ state: 'refused', error: { code: 'release-marked-bad' } });
    expect(await api.check()).toMatchObject({ ok: false, fault: { code: 'release-marked-bad' } });
    await scene.killLauncher('SIGTERM');
    changeConfiguration(site, (configuration) => {
      configuration.server['start'] = { limitSeconds: 20, extendSeconds: 5, hardLimitSeconds: 30 };
    });
    await scene.start();
    expect(await update(scene, NEW)).toMatchObject({ state: 'updated' });
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['fell-back', 'refused', 'updated'] });
    expect(demandValue(await api.releases()).find(({ version }) => version === NEW)).toMatchObject({ state: 'live' });
  });
});

/** Held: bounded starts, a person is called, and `start` works after the repair. */
async function bothBroken(test: SceneTest): Promise<void> {
  const scene = await openScene({ server: { start: START_LIMITS } }, test);
  const { site, api } = scene;
  await site.release(NEW, { behaviour: { exitsAtOnce: 7 } });
  await scene.start();
  const { id } = demandValue(await api.orderUpdate({ notifyEmail: 'admin@example.ch' }));
  await scene.reached('done', 'stop', id);
  renameSync(site.dataFile, `${site.dataFile}.away`);
  expect(await scene.settled(id), told(scene.journal())).toMatchObject({ state: 'held' });
  // Once the new one, and five tries with the old one: never the new one again.
  const begun = scene.journal().filter(({ kind }) => kind === 'began' || kind === 'undo-began');
  expect(begun.filter((entry) => 'step' in entry && entry.step === 'start')).toHaveLength(2);
  expect(begun.filter((entry) => 'step' in entry && entry.step === 'stop')).toHaveLength(6);
  expect(differencesFrom(site, site.bundle, OLD)).toEqual([]);
  await until(() => site.mailbox.mails.length === 2, 'the mails to the orderer and to the person in charge');
  expect(site.mailbox.mails.map(({ to }) => to).sort()).toEqual(['admin@example.ch', 'partner@example.ch']);
  renameSync(`${site.dataFile}.away`, site.dataFile);
  demandValue(await api.serverAct('start'));
  expect((await serverStatus(site))?.['version']).toBe(OLD);
  expect(processesOf(site).servers).toHaveLength(1);
}

async function fallBackFrom(releases: readonly BrokenRelease[], test: SceneTest): Promise<void> {
  for (const release of releases) {
    await fallBack(release, test).catch((error: unknown) => {
      throw new Error(`a release that ${release.name}`, { cause: error });
    });
  }
}

async function fallBack({ behaviour, code, dataFormat }: BrokenRelease, test: SceneTest): Promise<void> {
  const stop = { orderSeconds: 1, requestSeconds: 1, proveSeconds: 3 };
  const scene = await openScene({ server: { stop, start: START_LIMITS } }, test);
  const { site } = scene;
  await site.release(NEW, { behaviour, ...(dataFormat === undefined ? {} : { dataFormat }) });
  await scene.start();
  const data = readFileSync(site.dataFile);

  const end = await update(scene);
  expect(end, told(scene.journal())).toMatchObject({ state: 'fell-back' });
  expect(end.error?.code).toMatch(code);
  const restores = dataFormat === undefined ? 0 : 1;
  await checkSite(site, { version: OLD, outcomes: ['fell-back'], mails: [FAILED], restores });
  expect(readFileSync(site.dataFile)).toEqual(data);
}

/** Short, so that a server that is never ready is soon known to be. */
const START_LIMITS = { limitSeconds: 2, extendSeconds: 2, hardLimitSeconds: 6 };

async function update({ api, settled }: Scene, version?: string) {
  const order = demandValue(await api.orderUpdate(version === undefined ? {} : { version }));
  return settled(order.id);
}
