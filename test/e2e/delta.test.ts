import { createCipheriv } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { factsOf } from '../../installer/update/journal-entry.ts';
import { until } from '../kit/until.ts';
import { checkSite } from './kit/check-site.ts';
import { demandValue, openScene, told } from './kit/scene.ts';
import { openStaticServer } from './kit/static-server.ts';

const PROGRAM_BYTES = 1_500_000;
const LITERAL_BYTES = 150_000;

/** A program as it is built again and again: most of it stays, at other places. */
function program(version: number): Buffer {
  const body = noise(0, PROGRAM_BYTES);
  return Buffer.concat([body.subarray(0, 700_000), noise(version, LITERAL_BYTES), body.subarray(700_000)]);
}

function noise(seed: number, length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

const sizeOf = (version: number) => ({
  smallFiles: 16,
  largeBytes: 200_000,
  extraFiles: { 'Resources/program.bin': program(version) },
});

describe('an update by delta, from a web server', { timeout: 120_000 }, () => {
  it('fetches little; a spoilt delta is replaced by the full pack; a cut one is resumed by the next launcher', async () => {
    const server = await openStaticServer();
    onTestFinished(() => server.close());
    const scene = await openScene({
      size: sizeOf(1),
      updates: { repository: server.url },
    });
    const { site } = scene;
    server.folder = site.repository;
    await site.release('2026.2.0', { size: sizeOf(2), deltas: 1 });
    await scene.start();

    const packBytes = (): number =>
      server.served.filter(({ path }) => path.endsWith('.pack')).reduce((sum, { sent }) => sum + sent, 0);
    const update = async (): Promise<ReturnType<typeof factsOf<'download'>>> => {
      const { id } = demandValue(await scene.api.orderUpdate({}));
      expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
      return factsOf(scene.journal(), 'download');
    };

    const short = await update();
    expect(short).toMatchObject({ kind: 'delta' });
    expect(packBytes()).toBe(short?.bytes);
    // The program as 150 KB of 1.65 MB, what is new in every version, and the customer’s own settings as objects.
    expect(packBytes()).toBeLessThan(0.7 * PROGRAM_BYTES);
    await checkSite(site, { version: '2026.2.0', kept: '2026.1.0', outcomes: ['updated'], mailCount: 1 });

    await site.release('2026.3.0', { size: sizeOf(3), deltas: 1 });
    server.spoilt = /\.delta-2026\.2\.0\.pack$/u;
    expect(await update()).toMatchObject({ kind: 'full', evicted: { kind: 'delta', code: 'digest-mismatch' } });

    await site.release('2026.4.0', { size: sizeOf(4), deltas: 1 });
    server.served.length = 0;
    server.stalled = /\.delta-2026\.3\.0\.pack$/u;
    const { id } = demandValue(await scene.api.orderUpdate({}));
    const ofDelta = () => server.served.filter(({ path }) => path.endsWith('.delta-2026.3.0.pack'));
    // What was sent may still be under way: what lies on disk counts.
    const part = join(site.officeMaker, '.om-launcher-demo', id, 'delta.pack.part');
    await until(
      () => existsSync(part) && statSync(part).size > LITERAL_BYTES / 4,
      () => `a good part of the delta to be on disk: ${told(scene.journal())}`,
      60_000,
    );
    await scene.killLauncher();
    server.stalled = undefined;
    scene.spawnLauncher();
    await scene.reached('settled', undefined, id);
    expect(factsOf(scene.journal(), 'download')).toMatchObject({ kind: 'delta' });
    expect(ofDelta().at(-1)?.from).toBeGreaterThan(LITERAL_BYTES / 4);
    await scene.settled(id);
    await checkSite(site, {
      version: '2026.4.0',
      kept: '2026.3.0',
      outcomes: ['updated', 'updated', 'updated'],
      mailCount: 3,
    });
  });
});
