import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Files } from '../../../platform/files.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { faultOf } from '../../../platform/fault.ts';
import { serveRepository, type RepositoryServer } from './kit/repository-server.ts';
import { createScene, DAY, NOW, refused, succeeded, type Scene } from './kit/scene.ts';
import { createTestRepository, newKey, type RoleName, type TestRepository } from './kit/tuf-repository.ts';

interface Stage {
  readonly repository: TestRepository;
  readonly server: RepositoryServer;
  readonly scene: Scene;
}

/** A repository with one release, served on loopback, and a machine beside it. */
async function stage(): Promise<Stage> {
  const repository = createTestRepository(NOW);
  repository.addRelease('1.0');
  repository.issue();
  return { repository, server: await serveRepository(repository.files), scene: createScene(repository) };
}

describe('a signed repository', () => {
  it('lists the releases of this platform, newest first, and gives manifest and pack', async () => {
    const { repository, server, scene } = await stage();
    repository.addRelease('1.10');
    repository.addRelease('1.9');
    repository.addRelease('2.0', { platform: 'windows-x64' });
    repository.issue();
    const source = scene.open(server.url);
    const releases = succeeded(await source.refresh());
    expect(releases.map((release) => release.version)).toEqual(['1.10', '1.9', '1.0']);
    const [newest] = releases;
    if (newest === undefined) throw new Error('no release');
    expect(succeeded(await source.manifest(newest)).version).toBe('1.10');
    const { packFile } = succeeded(await source.download(newest, scene.folder, {}));
    expect(readFileSync(packFile, 'utf8')).toBe('pack of 1.10');
    expect(source.host).toEqual({ name: '127.0.0.1', port: server.port, secure: false });
  });

  it('is the same from a folder and from a file: URL', async () => {
    const { repository, scene } = await stage();
    const folder = join(scene.folder, 'a repository');
    repository.writeTo(folder);
    for (const location of [folder, pathToFileURL(folder).href]) {
      const source = scene.open(location);
      const [release] = succeeded(await source.refresh());
      if (release === undefined) throw new Error('no release');
      const target = join(scene.folder, `copy-${String(location === folder)}`);
      succeeded(await scene.files.makeFolder(target));
      succeeded(await source.download(release, target, {}));
      expect(readFileSync(join(target, 'full.pack'), 'utf8')).toBe('pack of 1.0');
      expect(source.host).toBeUndefined();
    }
  });

  it('refuses a release that it does not list, before any request', async () => {
    const { repository, server, scene } = await stage();
    const foreign = createTestRepository(NOW).addRelease('1.0', { pack: Buffer.from('something else') });
    const source = scene.open(server.url);
    succeeded(await source.refresh());
    const requests = server.seen.length;
    expect(refused(await source.download(foreign, scene.folder, {})).code).toBe('release-unknown');
    expect(refused(await source.manifest({ ...repository.addRelease('9.9') })).code).toBe('release-unknown');
    expect(server.seen.length).toBe(requests);
  });
});

describe('rollback and freeze', () => {
  it.each([false, true])('refuses yesterday’s timestamp (metadata lost meanwhile: %s)', async (lost) => {
    const { repository, server, scene } = await stage();
    const yesterday = repository.files.get('metadata/timestamp.json');
    repository.issue();
    succeeded(await scene.open(server.url).refresh());
    if (lost) rmSync(join(scene.stateFolder, 'trust'), { recursive: true });
    repository.files.set('metadata/timestamp.json', yesterday ?? Buffer.alloc(0));
    const before = scene.state();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
    expect(scene.state()).toEqual(before);
    expect(scene.log.messages()).toEqual(['The repository was refused']);
  });

  it('refuses an older timestamp though it names the same snapshot, even when the metadata was lost', async () => {
    const { repository, server, scene } = await stage();
    const yesterday = repository.files.get('metadata/timestamp.json') ?? Buffer.alloc(0);
    const same = { version: 1 };
    repository.issue({ delegated: same, targets: same, snapshot: same, timestamp: { version: 2 } });
    succeeded(await scene.open(server.url).refresh());
    repository.files.set('metadata/timestamp.json', yesterday);
    for (const lost of [false, true]) {
      if (lost) rmSync(join(scene.stateFolder, 'trust'), { recursive: true });
      expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
    }
  });

  it('refuses a snapshot that is older than one seen, under a new timestamp', async () => {
    const { repository, server, scene } = await stage();
    repository.issue();
    succeeded(await scene.open(server.url).refresh());
    for (const lost of [false, true]) {
      if (lost) rmSync(join(scene.stateFolder, 'trust'), { recursive: true });
      repository.issue({ snapshot: { version: 1 } });
      expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
    }
  });

  it('refuses a delegated role that is older than one seen, under a new snapshot, even when the metadata was lost', async () => {
    const { repository, server, scene } = await stage();
    repository.issue();
    succeeded(await scene.open(server.url).refresh());
    for (const lost of [false, true]) {
      if (lost) rmSync(join(scene.stateFolder, 'trust'), { recursive: true });
      repository.issue({ delegated: { version: 1 } });
      expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
    }
  });

  it('refuses an old root when the newer one was lost', async () => {
    const { repository, server, scene } = await stage();
    repository.rotate();
    succeeded(await scene.open(server.url).refresh());
    rmSync(join(scene.stateFolder, 'trust'), { recursive: true });
    repository.files.delete('metadata/2.root.json');
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
  });

  it.each<RoleName>(['root', 'timestamp', 'snapshot', 'targets', 'delegated'])(
    'refuses when %s has expired',
    async (name) => {
      const { repository, server, scene } = await stage();
      succeeded(await scene.open(server.url).refresh());
      const floor = scene.state()['version-floor.json'];
      const longAgo = { now: NOW - 400 * DAY };
      if (name === 'root') repository.rotate(longAgo);
      else repository.issue({ [name]: longAgo });
      const fault = refused(await scene.open(server.url).refresh());
      expect(fault.code).toBe('metadata-expired');
      expect(scene.state()['version-floor.json']).toBe(floor);
      // The way back: fresh metadata is accepted again.
      if (name === 'root') repository.rotate();
      repository.issue();
      succeeded(await scene.open(server.url).refresh());
    },
  );

  it('sees a freeze: the same timestamp until after its end', async () => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    scene.clock.set(NOW + 8 * DAY);
    const fault = refused(await scene.open(server.url).refresh());
    expect(fault).toMatchObject({ code: 'metadata-expired', values: { role: 'timestamp', days: 1 } });
  });

  it('suspects the clock when it stands years beyond, or before what has been', async () => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    scene.clock.set(NOW + 4 * 365 * DAY);
    expect(refused(await scene.open(server.url).refresh()).code).toBe('clock-wrong');
    scene.clock.set(NOW - 30 * DAY);
    expect(refused(await scene.open(server.url).refresh()).code).toBe('clock-wrong');
    scene.clock.set(NOW - 3_600_000);
    succeeded(await scene.open(server.url).refresh());
    expect(refused(await scene.open(server.url, { builtAtMs: NOW + 2 * DAY }).refresh()).code).toBe('clock-wrong');
  });
});

describe('mixing and matching', () => {
  it('refuses snapshot N with targets N-1', async () => {
    const { repository, server, scene } = await stage();
    const old = repository.files.get('metadata/1.targets.json') ?? Buffer.alloc(0);
    repository.issue();
    repository.files.set('metadata/2.targets.json', old);
    const before = scene.state();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
    expect(scene.state()['version-floor.json']).toBe(before['version-floor.json']);
  });

  it('refuses it too where the snapshot names versions only', async () => {
    const { repository, server, scene } = await stage();
    const old = repository.files.get(`metadata/1.${repository.role}.json`) ?? Buffer.alloc(0);
    const meta = { 'targets.json': { version: 2 }, [`${repository.role}.json`]: { version: 2 } };
    repository.issue({ snapshot: { body: { meta } } });
    repository.files.set(`metadata/2.${repository.role}.json`, old);
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
  });

  it('refuses a snapshot that the timestamp does not name', async () => {
    const { repository, server, scene } = await stage();
    const old = repository.files.get('metadata/1.snapshot.json') ?? Buffer.alloc(0);
    repository.issue();
    repository.files.set('metadata/2.snapshot.json', old);
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });
});

describe('roots', () => {
  it('follows 40 rotations at once and saves each', async () => {
    const { repository, server, scene } = await stage();
    for (let rotation = 1; rotation <= 40; rotation += 1) {
      repository.keys.root = [newKey(), ...repository.keys.root.slice(0, 2)];
      const previous = repository.keys.root.slice(1);
      repository.rotate({ keys: [...previous, repository.keys.root[0] ?? newKey()] });
    }
    const saved: number[] = [];
    const files = recordingRoots(scene.files, saved);
    succeeded(await scene.open(server.url, {}, { files }).refresh());
    expect(saved).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
    expect(versionOf(scene.state()['trust/root.json'])).toBe(41);
  });

  it('goes on where it was stopped', async () => {
    const { repository, server, scene } = await stage();
    for (let rotation = 1; rotation <= 5; rotation += 1) repository.rotate();
    const files = recordingRoots(scene.files, [], 3);
    expect(refused(await scene.open(server.url, {}, { files }).refresh()).code).toBe('disk-full');
    expect(versionOf(scene.state()['trust/root.json'])).toBe(3);
    server.seen.length = 0;
    succeeded(await scene.open(server.url).refresh());
    expect(server.seen[0]?.path).toBe('metadata/4.root.json');
  });

  it.each(['', '{', '{"signed":{}}'])(
    'walks the chain again from the embedded one when the saved one is %j',
    async (content) => {
      const { repository, server, scene } = await stage();
      repository.rotate();
      succeeded(await scene.open(server.url).refresh());
      const saved = join(scene.stateFolder, 'trust', 'root.json');
      truncateSync(saved, 0);
      writeFileSync(saved, content);
      succeeded(await scene.open(server.url).refresh());
      expect(versionOf(scene.state()['trust/root.json'])).toBe(2);
    },
  );

  it('refuses a next root that too few of the old keys signed', async () => {
    const { repository, server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    const before = scene.state();
    const [stolen] = repository.keys.root;
    if (stolen === undefined) throw new Error('no key');
    repository.keys.root = [stolen, newKey(), newKey()];
    repository.rotate();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('signature-invalid');
    expect(scene.state()).toEqual(before);
  });

  it('refuses one key under two names', async () => {
    const { repository, server, scene } = await stage();
    const [key] = repository.keys.root;
    if (key === undefined) throw new Error('no key');
    repository.keys.snapshot = [{ ...key, keyId: 'f'.repeat(64) }];
    repository.rotate();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });

  it.each([false, true])(
    'is not stopped by a fast-forward once the keys have been rotated (one stays: %s)',
    async (stays) => {
      const { repository, server, scene } = await stage();
      repository.issue({ timestamp: { version: Number.MAX_SAFE_INTEGER } });
      succeeded(await scene.open(server.url).refresh());
      repository.versions.timestamp = 5;
      repository.issue();
      expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-rollback');
      repository.keys.timestamp = [...(stays ? repository.keys.timestamp : []), newKey()];
      repository.rotate();
      repository.issue();
      succeeded(await scene.open(server.url).refresh());
      expect(versionOf(scene.state()['trust/timestamp.json'])).toBe(7);
    },
  );
});

describe('signatures', () => {
  it.each<RoleName>(['timestamp', 'snapshot', 'targets', 'delegated'])(
    'refuses %s signed by a foreign key',
    async (name) => {
      const { repository, server, scene } = await stage();
      succeeded(await scene.open(server.url).refresh());
      const before = scene.state();
      repository.issue({ [name]: { keys: [newKey()] } });
      expect(refused(await scene.open(server.url).refresh()).code).toBe('signature-invalid');
      expect(scene.state()['version-floor.json']).toBe(before['version-floor.json']);
    },
  );

  it('refuses a single altered byte', async () => {
    const { repository, server, scene } = await stage();
    const bytes = repository.files.get('metadata/timestamp.json')?.toString() ?? '';
    repository.files.set('metadata/timestamp.json', Buffer.from(bytes.replace('"version":1', '"version":2')));
    expect(refused(await scene.open(server.url).refresh()).code).toBe('signature-invalid');
    expect(scene.state()).toEqual({});
  });

  it('refuses a delegated role below its threshold', async () => {
    const repository = createTestRepository(NOW, { delegatedThreshold: 2 });
    repository.addRelease('1.0');
    repository.issue();
    const server = await serveRepository(repository.files);
    const scene = createScene(repository);
    succeeded(await scene.open(server.url).refresh());
    repository.issue({ delegated: { keys: repository.keys.delegated.slice(0, 1) } });
    expect(refused(await scene.open(server.url).refresh()).code).toBe('signature-invalid');
  });

  it('refuses a delegated role signed by the key of another role', async () => {
    const { repository, server, scene } = await stage();
    repository.issue({ delegated: { keys: repository.keys.targets } });
    expect(refused(await scene.open(server.url).refresh()).code).toBe('signature-invalid');
  });
});

describe('what is not for us', () => {
  it('refuses targets outside of the delegation', async () => {
    const { repository, server, scene } = await stage();
    repository.targets['finance/stable/1.0/linux-x64/full.pack'] = { length: 1, hashes: { sha256: '0'.repeat(64) } };
    repository.issue();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('wrong-target');
  });

  it.each(['product', 'platform', 'channel', 'version'])(
    'refuses a release whose %s is not that of its name',
    async (field) => {
      const { repository, server, scene } = await stage();
      const [name = ''] = Object.keys(repository.targets);
      const target = repository.targets[name] as { custom: Record<string, string> };
      target.custom[field] = field === 'platform' ? 'windows-x64' : 'other';
      repository.issue();
      expect(refused(await scene.open(server.url).refresh()).code).toBe('wrong-target');
    },
  );

  it('says so when nothing is published for the product or channel', async () => {
    const { server, scene } = await stage();
    expect(refused(await scene.open(server.url, { product: 'finance' }).refresh()).code).toBe('wrong-target');
    expect(refused(await scene.open(server.url, { channel: 'beta' }).refresh()).code).toBe('wrong-target');
  });

  it('refuses a manifest of another version', async () => {
    const { repository, server, scene } = await stage();
    const [first = '', second = ''] = Object.keys(repository.targets);
    repository.addRelease('2.0');
    const other =
      Object.keys(repository.targets).find((name) => name.includes('2.0') && name.includes('manifest')) ?? '';
    const one = repository.targets[first] as { length: number; hashes: object };
    const two = repository.targets[other] as { length: number; hashes: { sha256: string } };
    Object.assign(one, { length: two.length, hashes: two.hashes });
    const bytes = [...repository.files].find(([path]) => path.includes(two.hashes.sha256))?.[1] ?? Buffer.alloc(0);
    repository.files.set(`targets/business/stable/1.0/linux-x64/${two.hashes.sha256}.manifest.json.zst`, bytes);
    repository.issue();
    const source = scene.open(server.url);
    const releases = succeeded(await source.refresh());
    const release = releases.find(({ version }) => version === '1.0');
    if (release === undefined) throw new Error(`no release beside ${second}`);
    expect(refused(await source.manifest(release)).code).toBe('wrong-target');
  });

  it.each([
    'business/stable/../linux-x64/full.pack',
    'business/stable/%2e%2e/linux-x64/full.pack',
    'business/stable/1.0/linux-x64\\..\\/full.pack',
    'business/stable/1.0//full.pack',
    '/business/stable/1.0/linux-x64/full.pack',
    'business/stable/1.0/linux-x64/full.pack\u0000',
    'business/stable/1.0/linux-x64/f..k',
  ])('refuses the target name %j before any request for it', async (name) => {
    const { repository, server, scene } = await stage();
    repository.targets[name] = { length: 1, hashes: { sha256: '0'.repeat(64) } };
    repository.issue();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('path-refused');
    expect(server.seen.filter(({ path }) => path.startsWith('targets/'))).toEqual([]);
  });

  it.each(['manifest', 'pack'])('refuses a %s whose digests are of an unknown kind only', async (kind) => {
    const { repository, server, scene } = await stage();
    const name = Object.keys(repository.targets).find((path) => path.includes(kind)) ?? '';
    repository.targets[name] = { ...repository.targets[name], hashes: { 'blake-9': '0'.repeat(64) } };
    repository.issue();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });

  it('refuses a snapshot whose digests are of an unknown kind only', async () => {
    const { repository, server, scene } = await stage();
    const meta = { 'snapshot.json': { version: 2, hashes: { 'blake-9': '0'.repeat(64) } } };
    repository.issue({ timestamp: { body: { meta } } });
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });
});

describe('what is too much', () => {
  it.each([
    ['metadata/timestamp.json', 16_384],
    ['metadata/2.root.json', 512_000],
  ])('stops an endless %s at its cap', async (path, cap) => {
    const { server, scene } = await stage();
    let sent = 0;
    server.misbehave = (request, response) => {
      if (request.url !== `/${path}`) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, ' '))) sent += 16_384;
      };
      response.on('drain', pour);
      pour();
      return true;
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(refused(await scene.open(server.url).refresh())).toMatchObject({
      code: 'body-too-long',
      values: { limit: cap },
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(scene.state()).toEqual({});
  });

  it('refuses a snapshot longer than the timestamp says, and one announced beyond its cap', async () => {
    const { repository, server, scene } = await stage();
    const bytes = repository.files.get('metadata/1.snapshot.json') ?? Buffer.alloc(0);
    repository.files.set('metadata/1.snapshot.json', Buffer.concat([bytes, Buffer.from(' ')]));
    expect(refused(await scene.open(server.url).refresh()).code).toBe('body-too-long');
    repository.issue({ timestamp: { body: { meta: { 'snapshot.json': { version: 2, length: 2_000_001 } } } } });
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
  });

  // The smaller number is below the limit on values: there the depth alone must refuse, before anything recurses.
  it.each([90_000, 1_000_000])('refuses %d nested arrays in less than a second', async (depth) => {
    const { repository, server, scene } = await stage();
    repository.issue({ timestamp: { body: { meta: { 'snapshot.json': { version: 2 } } } } });
    repository.files.set('metadata/2.snapshot.json', Buffer.from('['.repeat(depth) + ']'.repeat(depth)));
    const start = process.cpuUsage();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
    // The processor's time, not the wall's: other programs share the machine.
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_000);
  });

  it('refuses an object of very many members in less than a second', async () => {
    const { repository, server, scene } = await stage();
    const members = Array.from({ length: 30_000 }, (_, index) => `"k${String(index)}":{}`).join(',');
    repository.files.set(
      'metadata/2.root.json',
      Buffer.from(`{"signed":{"version":2,"keys":{${members}}},"signatures":[]}`),
    );
    const start = process.cpuUsage();
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
    // The processor's time, not the wall's: other programs share the machine.
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_000);
  });

  it.each([2 ** 53, 1.5, 0, -1])('refuses version %d, and accepts the next normal one', async (version) => {
    const { repository, server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    const before = scene.state();
    const honest = repository.files.get('metadata/timestamp.json')?.toString() ?? '';
    // A fraction cannot even be signed: canonical JSON has none.
    if (Number.isInteger(version)) repository.issue({ timestamp: { version } });
    else
      repository.files.set(
        'metadata/timestamp.json',
        Buffer.from(honest.replace('"version":1', `"version":${String(version)}`)),
      );
    const path = `metadata/timestamp.json`;
    expect(repository.files.has(path)).toBe(true);
    expect(refused(await scene.open(server.url).refresh()).code).toBe('metadata-invalid');
    expect(scene.state()).toEqual(before);
    repository.versions.timestamp = 1;
    repository.issue();
    succeeded(await scene.open(server.url).refresh());
  });
});

describe('the state on disk', () => {
  it.each(['timestamp', 'snapshot', 'targets', 'business-stable'])('is made anew when %s is garbage', async (role) => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    const whole = scene.state();
    for (const content of ['', 'garbage', '[1]', '{"signed":{"version":1},"signatures":[]}']) {
      writeFileSync(join(scene.stateFolder, 'trust', `${role}.json`), content);
      succeeded(await scene.open(server.url).refresh());
      expect(scene.state()).toEqual(whole);
    }
  });

  it('sets a corrupt version floor aside and goes on', async () => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    for (const content of ['', 'garbage', '{"schema":1}']) {
      writeFileSync(join(scene.stateFolder, 'version-floor.json'), content);
      succeeded(await scene.open(server.url).refresh());
      const aside = readdirSync(scene.stateFolder).findLast((name) =>
        name.startsWith('version-floor.json.unreadable-'),
      );
      expect(readFileSync(join(scene.stateFolder, aside ?? ''), 'utf8')).toBe(content);
    }
  });

  it('is left alone when a newer launcher wrote it', async () => {
    const { server, scene } = await stage();
    writeFileSync(join(scene.stateFolder, 'version-floor.json'), '{"schema":2}');
    expect(refused(await scene.open(server.url).refresh()).code).toBe('newer-schema');
    expect(existsSync(join(scene.stateFolder, 'trust'))).toBe(false);
  });

  it('asks for nothing but root and timestamp when nothing is new', async () => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    server.seen.length = 0;
    const before = scene.state();
    succeeded(await scene.open(server.url).refresh());
    expect(server.seen.map(({ path }) => path)).toEqual(['metadata/2.root.json', 'metadata/timestamp.json']);
    expect(scene.state()).toEqual(before);
  });

  it('is closed to other accounts', async () => {
    const { server, scene } = await stage();
    succeeded(await scene.open(server.url).refresh());
    const facts = succeeded(await scene.files.facts(join(scene.stateFolder, 'trust', 'root.json')));
    expect(facts === undefined || (facts.mode & 0o077) === 0).toBe(true);
  });
});

/** Files that note which root versions are saved, and whose disk is full from the `limit`-th on. */
function recordingRoots(files: Files, saved: number[], limit = Infinity): Files {
  return {
    ...files,
    writeDurably: async (path, content, mode) => {
      if (!path.endsWith('root.json')) return files.writeDurably(path, content, mode);
      const version = versionOf(Buffer.from(content).toString());
      if (version > limit) return fail(faultOf('disk-full', 'no space is left', { path }));
      const written = await files.writeDurably(path, content, mode);
      if (written.ok) saved.push(version);
      return written.ok ? succeed() : written;
    },
  };
}

function versionOf(text: string | undefined): number {
  return (JSON.parse(text ?? '') as { signed: { version: number } }).signed.version;
}
