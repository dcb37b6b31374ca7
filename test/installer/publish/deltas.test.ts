import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { addDeltas, type AddDeltasRequest, promoteRelease } from '../../../installer/publish/repository.ts';
import type { Release } from '../../../installer/release.ts';
import { targetFile } from '../../../installer/repository/layout.ts';
import type { Files } from '../../../platform/files.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { noise, platform, writeTree } from '../staging/scene.ts';
import { createScene, dyingFiles, Killed, valueOf } from './scene.ts';

const program = noise('program', 200_000);

function prepare(work = temporaryFolder('deltas')) {
  const scene = createScene(work);
  const bundle = (version: string, content = program): string =>
    writeTree(join(work, `bundle-${version}`), { server: content, 'docs/version.txt': `version ${version}` });
  return {
    ...scene,
    work,
    publish: async (version: string, deltas?: number, folder = bundle(version)): Promise<Release> =>
      valueOf(await scene.add(folder, { version }, scene.dependencies, deltas)).release,
    bundle,
    deltas: (changes: Partial<AddDeltasRequest> = {}, files: Files = platform.files) =>
      addDeltas(
        { ...scene.dependencies, files },
        { repository: scene.repository, keys: scene.keys, to: {}, from: 4, compressionLevel: 3, ...changes },
      ),
    releases: async () => valueOf(await scene.verify()).releases,
    problems: async () => valueOf(await scene.verify()).problems.map(({ code, values }) => ({ code, ...values })),
  };
}

let site: ReturnType<typeof prepare>;
beforeEach(async () => {
  site = prepare();
  valueOf(await site.init());
});

describe('deltas in a repository', () => {
  it('go along when their release is promoted, where the other channel has the version that they begin at', async () => {
    const other = site.bundle('other', noise('other', 200_000));
    for (const version of ['1.0', '1.1', '1.2']) await site.publish(version);
    const newest = await site.publish('1.3', 3);
    const fromFirst = newest.deltas?.find(({ from }) => from === '1.0');
    expect(fromFirst).toBeDefined();
    const promote = (version: string) =>
      promoteRelease(site.dependencies, {
        repository: site.repository,
        keys: site.keys,
        choice: { version, channel: 'stable' },
        to: 'late',
      });
    valueOf(await promote('1.0'));
    valueOf(await site.add(other, { version: '1.1', channel: 'late' }));
    expect(valueOf(await promote('1.3'))).toMatchObject({
      changed: true,
      deltas: ['1.0'],
      left: [
        { from: '1.1', why: 'version 1.1 has other content in late' },
        { from: '1.2', why: 'version 1.2 is not in late' },
      ],
    });
    // Each delta is applied, byte for byte.
    expect(await site.problems()).toEqual([]);
    const late = (await site.releases()).find(({ version, channel }) => version === '1.3' && channel === 'late');
    expect(late?.deltas?.map(({ from, pack }) => [from, pack.sha256])).toEqual([['1.0', fromFirst?.pack.sha256]]);
    expect(valueOf(await promote('1.3'))).toMatchObject({ changed: false, deltas: [], left: [] });
  });

  it('come with a release, from the last versions before it, and are really applied by verify', async () => {
    for (const version of ['1.0', '1.1', '1.10', '1.2']) await site.publish(version);
    const newest = await site.publish('1.11', 2);
    expect(newest.deltas?.map(({ from }) => from)).toEqual(['1.10', '1.2']);
    expect(await site.problems()).toEqual([]);
    const listed = (await site.releases()).find(({ version }) => version === '1.11');
    expect(listed?.deltas).toEqual(newest.deltas);
    for (const { pack, manifest } of newest.deltas ?? [])
      expect(pack.length + manifest.length).toBeLessThan(newest.pack.length / 50);
  });

  it('can be made later; twice is as once; what was lost is made again', async () => {
    await site.publish('1.0');
    await site.publish('1.1');
    const made = valueOf(await site.deltas());
    expect(made).toMatchObject({ release: { version: '1.1' }, added: [{ from: '1.0' }], kept: [] });
    expect(valueOf(await site.deltas())).toMatchObject({ added: [], kept: [{ from: '1.0' }] });
    const [delta] = made.added;
    if (delta === undefined) throw new Error('no delta');
    rmSync(join(site.repository, targetFile(delta.pack)));
    expect(await site.problems()).toMatchObject([{ code: 'not-found' }]);
    expect(valueOf(await site.deltas()).added).toEqual(made.added);
    expect(await site.problems()).toEqual([]);
  });

  it('are not published where the full pack is as short', async () => {
    await site.publish('1.0');
    const other = site.bundle('1.1', noise('another program', 200_000));
    expect((await site.publish('1.1', 4, other)).deltas).toBeUndefined();
    expect(valueOf(await site.deltas())).toMatchObject({ added: [], notWorthwhile: [{ from: '1.0' }] });
  });

  it('are the same bytes on another machine', async () => {
    const other = prepare();
    valueOf(await other.init());
    for (const place of [site, other]) await place.publish('1.0');
    const [one, two] = [await site.publish('2.0', 1), await other.publish('2.0', 1)];
    expect(one.deltas).toHaveLength(1);
    expect(two.deltas).toEqual(one.deltas);
  });

  it('refuse versions that are not there', async () => {
    await site.publish('1.0');
    expect(await site.deltas({ from: ['0.9'] })).toMatchObject({ fault: { code: 'release-unknown' } });
    expect(await site.deltas({ to: { version: '3.0' } })).toMatchObject({ fault: { code: 'release-unknown' } });
  });

  it('are found out by verify when they are damaged', async () => {
    await site.publish('1.0');
    const release = await site.publish('1.1', 1);
    const [delta] = release.deltas ?? [];
    if (delta === undefined) throw new Error('no delta');
    const path = join(site.repository, targetFile(delta.pack));
    const whole = readFileSync(path);
    appendFileSync(path, 'x');
    expect(await site.problems()).toMatchObject([{ code: 'digest-mismatch' }]);
    const spoilt = Buffer.from(whole);
    spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
    writeFileSync(path, spoilt);
    expect(await site.problems()).toMatchObject([{ code: 'digest-mismatch' }]);
    expect(readdirSync(site.work).filter((name) => name.startsWith('om-publish-'))).toEqual([]);
  });

  it('leave a whole repository behind, wherever their publisher is killed', async () => {
    await site.publish('1.0');
    await site.publish('1.1');
    for (let fatal = 0; ; fatal += 1) {
      const { files, died } = dyingFiles(fatal);
      const outcome = await site.deltas({}, files).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      expect(await site.problems(), `killed at change ${fatal}`).toEqual([]);
      if (outcome !== undefined && !died()) break;
      expect(fatal).toBeLessThan(100);
    }
    expect(valueOf(await site.deltas())).toMatchObject({ added: [], kept: [{ from: '1.0' }] });
  });
});
