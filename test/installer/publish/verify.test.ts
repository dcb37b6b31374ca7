import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyRepository } from '../../../installer/publish/repository.ts';
import { decodeTargetCustom } from '../../../installer/repository/target-custom.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { createScene, valueOf } from './scene.ts';

function flip(path: string): void {
  chmodSync(path, 0o644);
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(path, bytes);
}

describe('verifying', () => {
  async function published() {
    const work = temporaryFolder();
    const scene = createScene(work);
    valueOf(await scene.init());
    const { release } = valueOf(await scene.add(scene.bundle('one')));
    return { scene, work, release, targets: join(scene.repository, 'targets/business/stable/1.0.0/linux-x64') };
  }

  it.each(['full.pack', 'manifest.json.zst'])('finds a %s that was altered, extended or lost', async (name) => {
    const { scene, targets } = await published();
    const path = join(targets, readdirSync(targets).find((one) => one.endsWith(name)) ?? '');
    const whole = readFileSync(path);
    flip(path);
    expect(valueOf(await scene.verify()).problems).toMatchObject([{ code: 'digest-mismatch', path }]);
    writeFileSync(path, whole);
    appendFileSync(path, 'x');
    expect(valueOf(await scene.verify()).problems).toMatchObject([{ code: 'digest-mismatch', path }]);
    rmSync(path);
    expect(valueOf(await scene.verify()).problems).toMatchObject([{ code: 'not-found', path }]);
  });

  it('heals a damaged target when the release is added to a repository that lost its metadata of it', async () => {
    const { scene, targets } = await published();
    const pack = join(targets, readdirSync(targets).find((one) => one.endsWith('full.pack')) ?? '');
    flip(pack);
    for (const name of ['2.snapshot.json', '2.targets.json', '1.business-stable.json'])
      rmSync(join(scene.repository, 'metadata', name));
    rmSync(scene.keys.folder, { recursive: true });
    rmSync(join(scene.repository, 'metadata'), { recursive: true });
    valueOf(await scene.init());
    valueOf(await scene.add(scene.bundle('one')));
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [] });
  });

  it.each(['timestamp.json', '2.snapshot.json', '2.targets.json', '1.business-stable.json', '1.root.json'])(
    'refuses %s with one bit flipped, and so does publishing',
    async (name) => {
      const { scene } = await published();
      flip(join(scene.repository, 'metadata', name));
      if (name === '1.root.json') {
        // The anchor beside the keys is used instead: what lies in the repository is not believed.
        expect(valueOf(await scene.verify())).toMatchObject({ problems: [] });
        return;
      }
      expect((await scene.verify()).ok).toBe(false);
      const added = await scene.add(scene.bundle('two'), { version: '2' });
      expect(added.ok ? 'published' : added.fault.code).toMatch(/invalid/u);
    },
  );

  it('refuses another vendor, an older snapshot, and a role that signs beyond its paths', async () => {
    const { scene, work } = await published();
    const other = createScene(join(work, 'other'));
    valueOf(await other.init());
    const anchor = readFileSync(join(other.keys.folder, 'root.json'));
    const verified = await verifyRepository(scene.dependencies, { repository: scene.repository, anchor });
    expect(verified).toMatchObject({ ok: false, fault: { code: 'signature-invalid' } });
    cpSync(join(scene.repository, 'metadata/1.snapshot.json'), join(scene.repository, 'metadata/2.snapshot.json'));
    expect(await scene.verify()).toMatchObject({ ok: false, fault: { code: 'metadata-invalid' } });
  });

  it('decodes releases strictly', async () => {
    const { release } = await published();
    const { manifest } = release;
    const custom = { schema: 1, ...release, manifest: undefined };
    const target = { path: manifest.path, length: manifest.length, hashes: { sha256: manifest.sha256 }, custom };
    expect(decodeTargetCustom(target)).toMatchObject({ ok: true });
    const cases: [object, string][] = [
      [{ path: manifest.path.replace('business', 'staff') }, 'wrong-target'],
      [{ path: manifest.path.replace('1.0.0', '1.0.1') }, 'wrong-target'],
      [{ path: manifest.path.replace('1.0.0', '%2e%2e') }, 'wrong-target'],
      [{ path: release.pack.path }, 'wrong-target'],
      [{ hashes: { md5: 'x' } }, 'metadata-invalid'],
      [{ length: 2 ** 40 }, 'too-large'],
      [{ custom: undefined }, 'metadata-invalid'],
      [{ custom: { ...custom, schema: 2 } }, 'newer-schema'],
      [{ custom: { ...custom, pack: { ...release.pack, path: manifest.path } } }, 'wrong-target'],
      [{ custom: { ...custom, unpackedBytes: -1 } }, 'metadata-invalid'],
      [{ custom: { ...custom, from: 'a\r\nb' } }, 'metadata-invalid'],
    ];
    for (const [change, code] of cases)
      expect(decodeTargetCustom({ ...target, ...change })).toMatchObject({ ok: false, fault: { code } });
    expect(decodeTargetCustom({ ...target, custom: { ...custom, later: true } })).toEqual({ ok: true, value: release });
  });

  it('leaves a tree that any web server can read', async () => {
    const { scene } = await published();
    const listing = execFileSync('find', [
      scene.repository,
      '-not',
      '-path',
      '*/.publishing*',
      '-not',
      '-perm',
      '-444',
    ]);
    expect(listing.toString()).toBe('');
  });
});
