import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../installer/update/journal-entry.ts';
import { freePort } from '../kit/free-port.ts';
import { until } from '../kit/until.ts';
import { checkSite } from './kit/check-site.ts';
import { demandValue, openScene, type Scene, type SceneTest, told } from './kit/scene.ts';
import { openStaticServer, type StaticServer } from './kit/static-server.ts';

const VERSIONS = ['2026.1.0', '2026.2.0', '2026.3.0', '2026.4.0'] as const;
const HOUR_MS = 3_600_000;
const LIMIT_MS = 60_000;
/** Random bytes: they stay as large as they are. */
const LARGE = { smallFiles: 16, largeBytes: 700_000 };

async function webServer({ onTestFinished }: SceneTest): Promise<StaticServer> {
  const server = await openStaticServer();
  onTestFinished(() => server.close());
  return server;
}

const packsOf = ({ served }: StaticServer): number =>
  served.filter(({ path }) => path.endsWith('.pack')).reduce((sum, { sent }) => sum + sent, 0);

const isDownload = (entry: JournalEntry): boolean => 'step' in entry && entry.step === 'download';

async function update(scene: Scene): Promise<void> {
  const { id } = demandValue(await scene.api.orderUpdate({}));
  expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
}

/** Hours by the wall clock of UTC that begin and end so many hours from now. */
function hours(fromHours: number, toHours: number): { readonly from: string; readonly to: string } {
  const [from, to] = [fromHours, toHours].map((ahead) =>
    new Date(Date.now() + ahead * HOUR_MS).toISOString().slice(11, 16),
  );
  return { from: from ?? '', to: to ?? '' };
}

describe.concurrent('where an update comes from, and how fast', { timeout: 180_000 }, () => {
  it('asks the mirrors first, past one that is away and one that lies, and lives on a mirror alone', async (context) => {
    const [repository, mirror] = [await webServer(context), await webServer(context)];
    const away = `http://127.0.0.1:${await freePort()}/`;
    const scene = await openScene(
      {
        installed: { version: VERSIONS[0] },
        updates: { repository: repository.url, mirrors: [away, mirror.url] },
      },
      context,
    );
    const { site } = scene;
    [repository.folder, mirror.folder] = [site.repository, site.repository];
    await scene.start();

    await site.release(VERSIONS[1]);
    await update(scene);
    expect(packsOf(mirror)).toBeGreaterThan(0);
    expect(packsOf(repository)).toBe(0);

    await site.release(VERSIONS[2]);
    mirror.spoilt = /\.pack$/u;
    await update(scene);
    expect(packsOf(repository)).toBeGreaterThan(0);

    // What it gave wrong is remembered for a while, not for ever: a launcher that starts asks it again.
    await scene.killLauncher('SIGTERM');
    mirror.spoilt = undefined;
    await site.release(VERSIONS[3]);
    repository.refusing = 503;
    await scene.start();
    await update(scene);
    await checkSite(site, {
      version: VERSIONS[3],
      kept: VERSIONS[2],
      outcomes: ['updated', 'updated', 'updated'],
      mailCount: 3,
    });
  });

  it('takes no more of the line than it may', async (context) => {
    const LIMIT_KIBPS = 128;
    const repository = await webServer(context);
    const scene = await openScene(
      {
        size: LARGE,
        installed: { version: VERSIONS[0] },
        updates: { repository: repository.url, downloads: { limitKiBps: LIMIT_KIBPS } },
      },
      context,
    );
    const { site } = scene;
    repository.folder = site.repository;
    await site.release(VERSIONS[1], { size: LARGE });
    await scene.start();
    const began = performance.now();
    await update(scene);
    const seconds = (performance.now() - began) / 1_000;
    const kib = packsOf(repository) / 1_024;
    expect(kib).toBeGreaterThan(4 * LIMIT_KIBPS);
    // A quarter of a second may be saved up, and what the sockets hold is sent but not taken.
    expect(seconds).toBeGreaterThan(kib / LIMIT_KIBPS - 2);
    const download = scene.journal().filter(isDownload);
    const [first, last] = [download.at(0)?.at ?? 0, download.at(-1)?.at ?? 0];
    expect((last - first) / 1_000).toBeGreaterThan(kib / LIMIT_KIBPS - 1);
    await checkSite(site, { version: VERSIONS[1], kept: VERSIONS[0], outcomes: ['updated'], mailCount: 1 });
  });

  it('fetches what nobody ordered in its hours alone; whoever orders waits for none', async (context) => {
    // A folder: a web server is never asked each second.
    const scene = await openScene(
      {
        installed: { version: VERSIONS[0] },
        updates: {
          mode: 'stage',
          schedule: { zone: 'Etc/UTC', checkSeconds: 1 },
          downloads: { windows: [hours(3, 5)] },
        },
      },
      context,
    );
    const { site, api } = scene;
    await site.release(VERSIONS[1]);
    await scene.start();
    await until(
      async () => {
        const status = demandValue(await api.status());
        return status.nextAction === 'download' ? status : undefined;
      },
      () => `the order to wait for its hours; the journal says ${told(scene.journal())}`,
      LIMIT_MS,
    );
    const { nextActionAt, update: waiting } = demandValue(await api.status());
    expect(waiting).toMatchObject({ orderedBy: 'schedule', state: 'scheduled' });
    const ahead = Date.parse(nextActionAt ?? '') - Date.now();
    expect(ahead).toBeGreaterThan(2 * HOUR_MS);
    expect(ahead).toBeLessThan(4 * HOUR_MS);
    expect(scene.journal().filter(isDownload)).toEqual([]);

    await update(scene);
    expect(demandValue(await api.status()).version).toBe(VERSIONS[1]);
  });
});
