import { cpSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metadata, MetadataKind } from '@tufjs/models';
import { initRepository, listReleases, refreshRepository } from '../../../installer/publish/repository.ts';
import type { JsonObject } from '../../../installer/publish/signed-metadata.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { createScene, description, valueOf } from './scene.ts';

const DAY = 86_400_000;

function metadata(repository: string, name: string): JsonObject {
  return JSON.parse(readFileSync(join(repository, 'metadata', name), 'utf8')) as JsonObject;
}

describe('a new repository', () => {
  it('has two of three root keys, the right lifetimes, and nothing else', async () => {
    const scene = createScene(temporaryFolder());
    const { rootFile } = valueOf(await scene.init());
    expect(readFileSync(rootFile)).toEqual(readFileSync(join(scene.repository, 'metadata/1.root.json')));
    const root = Metadata.fromJSON(MetadataKind.Root, metadata(scene.repository, '1.root.json'));
    expect(root.signed.roles['root']).toMatchObject({ threshold: 2 });
    expect(new Set(root.signed.roles['root']?.keyIDs).size).toBe(3);
    expect(root.signed.consistentSnapshot).toBe(true);
    const ends = Object.entries(valueOf(await scene.verify()).expires);
    const days = ends.map(([role, end]) => [role, (Date.parse(end) - scene.clock.now()) / DAY]);
    expect(Object.fromEntries(days)).toEqual({ root: 365, targets: 90, snapshot: 30, timestamp: 7 });
    expect(readdirSync(join(scene.repository, 'metadata')).sort()).toEqual([
      '1.root.json',
      '1.snapshot.json',
      '1.targets.json',
      'timestamp.json',
    ]);
  });

  it('keeps its keys from others, encrypted', async () => {
    const work = temporaryFolder();
    const scene = createScene(work);
    const keys = { folder: join(work, 'keys'), passphrase: 'four words of nonsense' };
    const request = { repository: scene.repository, keys, rootKeys: 3, rootThreshold: 2 };
    valueOf(await initRepository(scene.dependencies, request));
    for (const name of readdirSync(keys.folder).filter((one) => one.endsWith('.pem'))) {
      expect(readFileSync(join(keys.folder, name), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
      expect(statSync(join(keys.folder, name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(keys.folder).mode & 0o777).toBe(0o700);
    const { repository } = scene;
    const wrong = { repository, keys: { ...keys, passphrase: 'guess' } };
    expect(await refreshRepository(scene.dependencies, wrong)).toMatchObject({ fault: { code: 'unauthorised' } });
    const none = { repository, keys: { ...keys, passphrase: undefined } };
    expect(await refreshRepository(scene.dependencies, none)).toMatchObject({ fault: { code: 'unauthorised' } });
    expect(await refreshRepository(scene.dependencies, { repository, keys })).toMatchObject({ ok: true });
  });

  it('is not made twice, nor over another one', async () => {
    const work = temporaryFolder();
    const scene = createScene(work);
    valueOf(await scene.init());
    expect(await scene.init()).toMatchObject({ fault: { code: 'already-exists' } });
    const keys = { folder: join(work, 'other keys'), passphrase: undefined };
    const request = { repository: scene.repository, keys, rootKeys: 1, rootThreshold: 1 };
    expect(await initRepository(scene.dependencies, request)).toMatchObject({ fault: { code: 'already-exists' } });
    const impossible = { ...request, rootThreshold: 2 };
    expect(await initRepository(scene.dependencies, impossible)).toMatchObject({ fault: { code: 'request-invalid' } });
  });
});

describe('releases', () => {
  it('are described by their signed target, and found again', async () => {
    const scene = createScene(temporaryFolder());
    valueOf(await scene.init());
    const changes = { minClient: '0.9', maxClient: '2.0', from: '0.8', rollout: { percentage: 25 } };
    const { release, changed } = valueOf(await scene.add(scene.bundle('one'), changes));
    expect(changed).toBe(true);
    expect(release).toMatchObject({ ...description, ...changes, files: 2, unpackedBytes: 4 });
    await scene.clock.advance(1_000);
    valueOf(await scene.add(scene.bundle('two'), { version: '1.1.0' }));
    valueOf(await scene.add(scene.bundle('three'), { product: 'staff', channel: 'beta', version: '3' }));

    const anchor = readFileSync(join(scene.keys.folder, 'root.json'));
    const listed = valueOf(await listReleases(scene.dependencies.files, scene.repository, anchor));
    expect(listed.map(({ product, version }) => `${product} ${version}`).sort()).toEqual([
      'business 1.0.0',
      'business 1.1.0',
      'staff 3',
    ]);
    expect(listed.find((one) => one.version === '1.0.0')).toEqual(release);
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [] });
    expect(metadata(scene.repository, '2.business-stable.json')).toMatchObject({ signed: { version: 2 } });
    expect(metadata(scene.repository, '3.targets.json')).toMatchObject({
      signed: {
        delegations: {
          roles: [
            { name: 'business-stable', terminating: true, paths: ['business/stable/*/*/*'], threshold: 1 },
            { name: 'staff-beta', terminating: true, paths: ['staff/beta/*/*/*'], threshold: 1 },
          ],
        },
      },
    });
  });

  it('change nothing when they are added again, and are refused with other content or other words', async () => {
    const scene = createScene(temporaryFolder());
    valueOf(await scene.init());
    const { release } = valueOf(await scene.add(scene.bundle('one')));
    const before = readFileSync(join(scene.repository, 'metadata/timestamp.json'), 'utf8');
    await scene.clock.advance(DAY);
    expect(await scene.add(scene.bundle('one'))).toEqual({ ok: true, value: { release, changed: false } });
    expect(await scene.add(scene.bundle('other'))).toMatchObject({ fault: { code: 'already-exists' } });
    const words = await scene.add(scene.bundle('one'), { notes: { en: 'Second thoughts' } });
    expect(words).toMatchObject({ fault: { code: 'already-exists' } });
    expect(readFileSync(join(scene.repository, 'metadata/timestamp.json'), 'utf8')).toBe(before);
    expect(readdirSync(join(scene.repository, 'targets/business/stable/1.0.0/linux-x64'))).toHaveLength(2);
  });

  it.each([
    ['a product with ..', { product: '../evil' }],
    ['capitals in a product', { product: 'Business' }],
    ['a dash in a channel', { channel: 'a-b' }],
    ['two dots in a version', { version: '1..2' }],
    ['a version with ..', { version: '../1' }],
    ['a version with a slash', { version: '1/2' }],
    ['half a platform', { platform: 'linux' }],
    ['no data format', { dataFormat: '' }],
    ['an escaped client version', { minClient: '%2e' }],
    ['notes in Spanish', { notes: { es: 'hola' } }],
    ['notes without end', { notes: { en: 'x'.repeat(8_001) } }],
    ['more than everybody', { rollout: { percentage: 101 } }],
  ])('are refused before anything is written: %s', async (_, changes) => {
    const scene = createScene(temporaryFolder());
    expect(await scene.add(scene.bundle('one'), changes)).toMatchObject({ fault: { code: 'request-invalid' } });
    expect(() => readdirSync(scene.repository)).toThrow();
    expect(await scene.add(scene.bundle('one'))).toMatchObject({ fault: { code: 'folder-missing' } });
    expect(() => readdirSync(scene.repository)).toThrow();
  });

  it('are published by one at a time', async () => {
    const scene = createScene(temporaryFolder());
    valueOf(await scene.init());
    const both = await Promise.all([scene.add(scene.bundle('a')), scene.add(scene.bundle('b'), { version: '2' })]);
    const codes = both.map((one) => (one.ok ? 'done' : one.fault.code)).sort();
    expect(codes).toEqual(['done', 'update-running']);
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: [{}] });
  });
});

describe('refreshing', () => {
  it('signs what nears its end, and the timestamp in any case', async () => {
    const scene = createScene(temporaryFolder());
    valueOf(await scene.init());
    valueOf(await scene.add(scene.bundle('one')));
    const { repository, keys } = scene;
    const renewed = async (roles?: string[]): Promise<string[]> => {
      const request = { repository, keys, ...(roles === undefined ? {} : { roles }) };
      return valueOf(await refreshRepository(scene.dependencies, request)).renewed.map(
        ({ role, version }) => `${String(version)}.${role}`,
      );
    };
    expect(await renewed()).toEqual(['3.timestamp']);
    scene.clock.jump(16 * DAY);
    expect(valueOf(await scene.verify()).problems).toMatchObject([
      { code: 'metadata-expired', values: { role: 'timestamp' } },
    ]);
    expect(await renewed()).toEqual(['3.snapshot', '4.timestamp']);
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [] });
    scene.clock.jump(40 * DAY);
    expect(await renewed()).toEqual(['2.business-stable', '3.targets', '4.snapshot', '5.timestamp']);
    expect(await renewed(['root'])).toEqual(['2.root', '6.timestamp']);
    scene.clock.jump(200 * DAY);
    expect(await renewed()).toEqual(['3.root', '3.business-stable', '4.targets', '5.snapshot', '7.timestamp']);
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: [{ version: '1.0.0' }] });
    expect(await refreshRepository(scene.dependencies, { repository, keys, roles: ['nobody'] })).toMatchObject({
      fault: { code: 'request-invalid' },
    });
  });

  it('waits for offline keys, says so, and does not hold up the rest', async () => {
    const work = temporaryFolder();
    const scene = createScene(work);
    valueOf(await scene.init());
    const online = { folder: join(work, 'online'), passphrase: undefined };
    cpSync(scene.keys.folder, online.folder, { recursive: true });
    for (const name of ['root-1', 'root-2', 'targets']) rmSync(join(online.folder, `${name}.pem`));
    scene.clock.jump(360 * DAY);
    const request = { repository: scene.repository, keys: online };
    expect(valueOf(await refreshRepository(scene.dependencies, request))).toMatchObject({
      renewed: [{ role: 'snapshot' }, { role: 'timestamp' }],
      waiting: [{ role: 'root' }, { role: 'targets' }],
    });
    expect(await refreshRepository(scene.dependencies, { ...request, roles: ['root'] })).toMatchObject({
      fault: { code: 'not-found' },
    });
  });
});
