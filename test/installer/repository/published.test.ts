import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packOmu } from '../../../installer/publish/pack-omu.ts';
import { addRelease, initRepository, refreshRepository } from '../../../installer/publish/repository.ts';
import { createOmuSource } from '../../../installer/repository/omu-source.ts';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { openPlatform } from '../../../platform/current.ts';
import { silentLog } from '../../../platform/log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { succeeded } from './kit/scene.ts';

describe('what om-publish writes', () => {
  it('is read by the launcher, from a folder and from a release file, through refreshes', async () => {
    const platform = openPlatform();
    const folder = temporaryFolder('published');
    const repository = join(folder, 'repository');
    const bundle = join(folder, 'bundle');
    const keys = { folder: join(folder, 'keys'), passphrase: undefined };
    mkdirSync(bundle);
    const { rootFile } = succeeded(await initRepository(platform, { repository, keys, rootKeys: 3, rootThreshold: 2 }));
    const root = succeeded(await platform.files.readBytes(rootFile, 1_000_000));
    const wanted = { product: 'business', channel: 'stable', platform: 'linux-x64' };
    const trust = { ...wanted, root, stateFolder: join(folder, 'state') };
    const dependencies = { ...platform, log: silentLog };
    const source = succeeded(createReleaseSource(dependencies, { ...trust, location: repository }));
    for (const version of ['1.0', '2.0']) {
      writeFileSync(join(bundle, 'version.txt'), version);
      const description = { ...wanted, version, dataFormat: '1', notes: { en: 'Better', fr: 'Mieux' } };
      succeeded(await addRelease(platform, { repository, keys, folder: bundle, description }));
      const [newest] = succeeded(await source.refresh());
      expect(newest).toMatchObject({ version, notes: { fr: 'Mieux' } });
    }
    succeeded(await refreshRepository(platform, { repository, keys, roles: ['root', 'targets', 'snapshot'] }));
    const [release, ...older] = succeeded(await source.refresh());
    if (release === undefined) throw new Error('no release');
    expect(older.length).toBe(1);
    expect(succeeded(await source.manifest(release)).entries).toMatchObject([{ kind: 'file', path: 'version.txt' }]);
    succeeded(await source.download(release, folder, {}));

    const file = join(folder, 'release.omu');
    succeeded(await packOmu(platform.files, { repository, anchor: root, choice: { version: '1.0' }, output: file }));
    const offline = succeeded(createOmuSource(dependencies, { ...trust, file, acceptAged: false }));
    expect(succeeded(await offline.refresh()).map(({ version }) => version)).toEqual(['1.0']);
  });
});
