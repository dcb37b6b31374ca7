import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Release } from '../../../installer/release.ts';
import { targetFile } from '../../../installer/repository/layout.ts';
import type { OpenReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { type Misbehaviour, rangeStart, serveRepository, type RepositoryServer } from './kit/repository-server.ts';
import { createScene, DAY, NOW, refused, succeeded, type Scene } from './kit/scene.ts';
import { createTestRepository, newKey, type TestRepository } from './kit/tuf-repository.ts';

interface Stage {
  readonly repository: TestRepository;
  readonly release: Release;
  readonly pack: Buffer;
  readonly origin: RepositoryServer;
  readonly mirrors: readonly [RepositoryServer, RepositoryServer];
  readonly scene: Scene;
  readonly folder: string;
  open(): OpenReleaseSource;
}

/** A repository and two copies of it; what one of them misses or does is up to each test. */
async function stage(): Promise<Stage> {
  const repository = createTestRepository(NOW);
  const pack = Buffer.alloc(400_000, 'right ');
  const release = repository.addRelease('1.0', { pack });
  repository.issue();
  const copy = (): Promise<RepositoryServer> => serveRepository(new Map(repository.files));
  const origin = await serveRepository(repository.files);
  const mirrors = [await copy(), await copy()] as const;
  const scene = createScene(repository);
  const folder = join(scene.folder, 'packs');
  mkdirSync(folder);
  const open = (): OpenReleaseSource => scene.open(origin.url, { mirrors: mirrors.map(({ url }) => url) });
  return { repository, release, pack, origin, mirrors, scene, folder, open };
}

async function fetchPack({ release, folder, pack }: Stage, source: OpenReleaseSource): Promise<void> {
  const { packFile } = succeeded(await source.download(release, folder, {}));
  expect(readFileSync(packFile).equals(pack)).toBe(true);
}

function packsAskedOf(server: RepositoryServer, { release }: Stage): number {
  return server.seen.filter(({ path }) => path === targetFile(release.pack)).length;
}

function warnings(scene: Scene): readonly string[] {
  return scene.log.lines.filter(({ level }) => level === 'warn').map((line) => JSON.stringify(line));
}

const drop: Misbehaviour = (_request, response) => {
  response.destroy();
  return true;
};

const lie: Misbehaviour = (request, response, bytes) => {
  if (bytes === undefined || request.url?.endsWith('.pack') !== true) return false;
  response.writeHead(200, { 'content-length': bytes.length }).end(Buffer.alloc(bytes.length, 'wrong '));
  return true;
};

describe('large files', () => {
  it('come from the first mirror, metadata from the repository', async () => {
    const at = await stage();
    const source = at.open();
    succeeded(await source.refresh());
    await fetchPack(at, source);
    expect(packsAskedOf(at.mirrors[0], at)).toBe(1);
    expect(packsAskedOf(at.mirrors[1], at) + packsAskedOf(at.origin, at)).toBe(0);
    expect(at.mirrors.flatMap(({ seen }) => seen).filter(({ path }) => path.startsWith('metadata/'))).toEqual([]);
    expect(source.host?.port).toBe(at.origin.port);
    expect(warnings(at.scene)).toEqual([]);
  });

  it('come from the next one when a mirror cannot be reached, and from the repository when none can', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = drop;
    const source = at.open();
    await fetchPack(at, source);
    expect(packsAskedOf(at.mirrors[1], at)).toBe(1);
    expect(warnings(at.scene).some((line) => line.includes(at.mirrors[0].url))).toBe(true);
    const none = await stage();
    none.mirrors.forEach((mirror) => (mirror.misbehave = drop));
    await fetchPack(none, none.open());
    expect(packsAskedOf(none.origin, none)).toBe(1);
  });

  it('come from elsewhere when a mirror does not have them', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = (_request, response) => {
      response.writeHead(404).end();
      return true;
    };
    await fetchPack(at, at.open());
    expect(packsAskedOf(at.mirrors[1], at)).toBe(1);
  });

  it('are fetched anew from the next when a mirror gives other content, and it is not asked for them again', async () => {
    const at = await stage();
    at.mirrors.forEach((mirror) => (mirror.misbehave = lie));
    const source = at.open();
    await fetchPack(at, source);
    expect(at.mirrors.map((mirror) => packsAskedOf(mirror, at))).toEqual([1, 1]);
    expect(packsAskedOf(at.origin, at)).toBe(1);
    const told = warnings(at.scene).filter((line) => line.includes('digest-mismatch'));
    expect(told.map((line) => at.mirrors.findIndex(({ url }) => line.includes(url)))).toEqual([0, 1]);
  });

  it('are refused when every copy gives other content', async () => {
    const at = await stage();
    [at.origin, ...at.mirrors].forEach((server) => (server.misbehave = lie));
    expect(refused(await at.open().download(at.release, at.folder, {})).code).toBe('digest-mismatch');
    expect([at.origin, ...at.mirrors].map((server) => packsAskedOf(server, at))).toEqual([1, 1, 1]);
  });

  it('come from elsewhere when a mirror sends more than was signed', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = (request, response, bytes) => {
      if (bytes === undefined || request.url?.endsWith('.pack') !== true) return false;
      response.writeHead(200).end(Buffer.concat([bytes, Buffer.from('!')]));
      return true;
    };
    await fetchPack(at, at.open());
    expect(packsAskedOf(at.mirrors[1], at)).toBe(1);
  });

  it('go on at the next copy where a mirror broke off', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = (request, response, bytes) => {
      if (bytes === undefined || request.url?.endsWith('.pack') !== true) return false;
      response.writeHead(200, { 'content-length': bytes.length, etag: '"of the first"' });
      response.write(bytes.subarray(0, 250_000), () => response.destroy());
      return true;
    };
    await fetchPack(at, at.open());
    const asked = at.mirrors[1].seen.find(({ path }) => path === targetFile(at.release.pack));
    expect(Number(/^bytes=(\d+)-/.exec(asked?.range ?? '')?.[1])).toBeGreaterThan(0);
    // The validator of one web server says nothing at another.
    expect(asked?.ifRange).toBeUndefined();
  });

  it('in parts come from a copy that can give parts', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = (request, response, bytes) => {
      if (bytes === undefined || rangeStart(request) === 0) return false;
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
      return true;
    };
    const part = at.pack.subarray(100_000, 150_000);
    const sha256 = createHash('sha256').update(part).digest('hex');
    const object = { offset: 100_000, length: part.length, sha256, size: part.length, contents: [] };
    const { packFile } = succeeded(await at.open().downloadObjects(at.release, [object], at.folder, {}));
    expect(readFileSync(packFile).equals(part)).toBe(true);
    expect(packsAskedOf(at.mirrors[1], at)).toBe(1);
  });

  it('and the manifest come from elsewhere when a mirror gives another manifest', async () => {
    const at = await stage();
    at.mirrors[0].misbehave = (request, response, bytes) => {
      if (bytes === undefined || request.url?.endsWith('.zst') !== true) return false;
      response.writeHead(200, { 'content-length': bytes.length }).end(Buffer.alloc(bytes.length));
      return true;
    };
    expect(succeeded(await at.open().manifest(at.release)).version).toBe('1.0');
    expect(at.mirrors[1].seen.length).toBeGreaterThan(0);
  });
});

describe('metadata', () => {
  it('comes from a mirror when the repository cannot be reached; then that one is the host to be reached', async () => {
    const at = await stage();
    at.origin.misbehave = drop;
    const source = at.open();
    expect(succeeded(await source.refresh()).map(({ version }) => version)).toEqual(['1.0']);
    expect(source.host?.port).toBe(at.mirrors[0].port);
    await fetchPack(at, source);
  });

  it('comes from a mirror when what the repository gives has expired', async () => {
    const at = await stage();
    at.repository.issue({ timestamp: { now: NOW - 30 * DAY } });
    expect(succeeded(await at.open().refresh()).length).toBe(1);
    expect(at.mirrors[0].seen.some(({ path }) => path === 'metadata/timestamp.json')).toBe(true);
  });

  it('of a mirror that is older than what was seen is refused, and the next is asked', async () => {
    const at = await stage();
    at.repository.issue();
    succeeded(await at.open().refresh());
    // The first mirror still has the first list; the second has copied since.
    const copied = await serveRepository(new Map(at.repository.files));
    at.origin.misbehave = drop;
    const source = at.scene.open(at.origin.url, { mirrors: [at.mirrors[0].url, copied.url] });
    succeeded(await source.refresh());
    expect(source.host?.port).toBe(copied.port);
    expect(warnings(at.scene).some((line) => line.includes('metadata-rollback'))).toBe(true);
  });

  it('signed by strangers is refused at each mirror, and the repository’s own fault is told', async () => {
    const at = await stage();
    const stranger = createTestRepository(NOW);
    stranger.addRelease('9.9');
    stranger.issue({ timestamp: { keys: [newKey()] } });
    const strangers = await serveRepository(stranger.files);
    at.origin.misbehave = drop;
    const before = at.scene.state();
    const source = at.scene.open(at.origin.url, { mirrors: [strangers.url] });
    expect(['connection-failed', 'body-truncated']).toContain(refused(await source.refresh()).code);
    expect(warnings(at.scene).some((line) => line.includes('signature-invalid'))).toBe(true);
    expect(Object.keys(at.scene.state()).filter((name) => !(name in before) && !name.includes('root'))).toEqual([]);
  });

  it('is asked of nobody else when the clock of this machine is wrong', async () => {
    const at = await stage();
    const source = at.scene.open(at.origin.url, { mirrors: [at.mirrors[0].url], builtAtMs: NOW + 400 * DAY });
    expect(refused(await source.refresh()).code).toBe('clock-wrong');
    expect(at.mirrors[0].seen).toEqual([]);
  });
});
