import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createOmuSource, type OmuSource } from '../../../installer/repository/omu-source.ts';
import { encodeOmuHead } from '../../../installer/repository/omu.ts';
import { serveRepository } from './kit/repository-server.ts';
import { createScene, DAY, NOW, refused, succeeded, type Scene } from './kit/scene.ts';
import { createTestRepository, newKey, type RoleName, type TestRepository } from './kit/tuf-repository.ts';

interface Stage {
  readonly repository: TestRepository;
  readonly scene: Scene;
  /** Packs the repository as it is now and opens the file. */
  readonly open: (options?: {
    readonly acceptAged?: boolean;
    readonly platform?: string;
    readonly product?: string;
  }) => OmuSource;
}

function stage(): Stage {
  const repository = createTestRepository(NOW);
  repository.addRelease('1.0');
  repository.issue();
  const scene = createScene(repository);
  const file = join(scene.folder, 'release.omu');
  return {
    repository,
    scene,
    open: ({ acceptAged = false, platform = 'linux-x64', product = 'business' } = {}) => {
      writeFileSync(file, omuOf(repository));
      const { clock, files, log, stateFolder } = scene;
      const options = {
        file,
        acceptAged,
        stateFolder,
        product,
        channel: 'stable',
        platform,
        root: repository.firstRoot,
      };
      return succeeded(createOmuSource({ clock, files, log }, options));
    },
  };
}

function omuOf(repository: TestRepository): Buffer {
  const files = [...repository.files];
  const address = { product: repository.product, channel: repository.channel, version: '1.0', platform: 'linux-x64' };
  const head = encodeOmuHead(
    address,
    files.map(([path, bytes]) => ({ path, length: bytes.length })),
  );
  return Buffer.concat([head, ...files.map(([, bytes]) => bytes)]);
}

describe('a release file', () => {
  it('gives its release, manifest and pack', async () => {
    const { scene, open } = stage();
    const source = open();
    const [release] = succeeded(await source.refresh());
    if (release === undefined) throw new Error('no release');
    expect(succeeded(await source.manifest(release)).version).toBe('1.0');
    const { packFile } = succeeded(await source.download(release, scene.folder, {}));
    expect(readFileSync(packFile, 'utf8')).toBe('pack of 1.0');
    expect(source.age()).toBeUndefined();
    expect(source.host).toBeUndefined();
  });

  it('lists only what it holds', async () => {
    const { repository, open } = stage();
    repository.addRelease('2.0');
    repository.issue();
    for (const path of repository.files.keys()) if (path.includes('/2.0/')) repository.files.delete(path);
    expect(succeeded(await open().refresh()).map(({ version }) => version)).toEqual(['1.0']);
  });

  it.each<RoleName>(['timestamp', 'snapshot'])(
    'whose %s expired is accepted after confirmation only, with its age',
    async (role) => {
      const { repository, scene, open } = stage();
      repository.issue({ [role]: { now: NOW - 40 * DAY } });
      expect(refused(await open().refresh())).toMatchObject({ code: 'metadata-expired', values: { role } });
      const source = open({ acceptAged: true });
      expect(succeeded(await source.refresh()).length).toBe(1);
      expect(source.age()?.days).toBe(role === 'timestamp' ? 33 : 10);
      expect(scene.log.messages()).toContain('An aged release file is accepted');
    },
  );

  it.each<RoleName>(['root', 'targets', 'delegated'])(
    'whose %s expired is refused even with confirmation',
    async (role) => {
      const { repository, scene, open } = stage();
      if (role === 'root') repository.rotate({ now: NOW - 400 * DAY });
      else repository.issue({ [role]: { now: NOW - 100 * DAY } });
      const fault = refused(await open({ acceptAged: true }).refresh());
      expect(fault).toMatchObject({
        code: 'metadata-expired',
        values: { role: role === 'delegated' ? 'business-stable' : role },
      });
      expect(scene.state()['version-floor.json']).toBeUndefined();
    },
  );

  it('with yesterday’s timestamp is accepted after confirmation, but no older targets', async () => {
    const { repository, scene, open } = stage();
    const server = await serveRepository(repository.files);
    const yesterday = new Map(repository.files);
    repository.issue({ delegated: { version: 1 }, targets: { version: 1 } });
    succeeded(await scene.open(server.url).refresh());
    restore(repository, yesterday);
    const before = scene.state();
    expect(refused(await open().refresh()).code).toBe('metadata-rollback');
    succeeded(await open({ acceptAged: true }).refresh());
    expect(scene.state()).toEqual(before);

    repository.issue({ timestamp: { version: 3 }, snapshot: { version: 3 } });
    succeeded(await scene.open(server.url).refresh());
    restore(repository, yesterday);
    expect(refused(await open({ acceptAged: true }).refresh()).code).toBe('metadata-rollback');
  });

  it('accepted with confirmation does not hinder the repository afterwards, and raises the floor', async () => {
    const { repository, scene, open } = stage();
    repository.issue();
    succeeded(await open({ acceptAged: true }).refresh());
    const server = await serveRepository(repository.files);
    succeeded(await scene.open(server.url).refresh());
    repository.issue({ delegated: { version: 1 } });
    expect(refused(await open({ acceptAged: true }).refresh()).code).toBe('metadata-rollback');
  });

  it('for another product or platform is refused as wrong target', async () => {
    const { open } = stage();
    expect(refused(await open({ platform: 'windows-x64' }).refresh()).code).toBe('wrong-target');
    expect(refused(await open({ product: 'finance' }).refresh()).code).toBe('wrong-target');
  });

  it('that lies about its product is refused by its signatures', async () => {
    const { scene } = stage();
    const finance = createTestRepository(NOW, { product: 'finance' });
    finance.addRelease('1.0');
    finance.issue();
    const file = join(scene.folder, 'lie.omu');
    writeFileSync(file, omuOf({ ...finance, product: 'business' }));
    const { clock, files, log, stateFolder } = scene;
    const wanted = { product: 'business', channel: 'stable', platform: 'linux-x64' };
    const options = { ...wanted, file, acceptAged: true, stateFolder, root: finance.firstRoot };
    expect(refused(await succeeded(createOmuSource({ clock, files, log }, options)).refresh()).code).toBe(
      'wrong-target',
    );
  });

  it('signed by foreign keys is refused even with confirmation', async () => {
    const { repository, open } = stage();
    repository.issue({ delegated: { keys: [newKey()] } });
    expect(refused(await open({ acceptAged: true }).refresh()).code).toBe('signature-invalid');
  });

  it('with an altered pack is refused', async () => {
    const { repository, scene, open } = stage();
    const [path = ''] = [...repository.files.keys()].filter((name) => name.endsWith('full.pack'));
    repository.files.set(path, Buffer.from('pack of 9.9'));
    const source = open();
    const [release] = succeeded(await source.refresh());
    if (release === undefined) throw new Error('no release');
    expect(refused(await source.download(release, scene.folder, {})).code).toBe('digest-mismatch');
  });

  it('that is no release file, or is cut, is refused', async () => {
    const { repository, scene, open } = stage();
    const source = open();
    const whole = omuOf(repository);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('PK\u0003\u0004'),
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, 40),
    ]) {
      writeFileSync(join(scene.folder, 'release.omu'), bytes);
      expect(refused(await source.refresh()).code).toBe('archive-invalid');
    }
    expect(scene.state()).toEqual({});
  });
});

function restore(repository: TestRepository, files: ReadonlyMap<string, Buffer>): void {
  repository.files.clear();
  for (const [path, bytes] of files) repository.files.set(path, bytes);
}
