import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../platform/clock.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { TransferProgress } from '../../../installer/repository/release-source.ts';
import type { Release } from '../../../installer/release.ts';
import {
  etagOf,
  rangeStart,
  serveRepository,
  type Misbehaviour,
  type RepositoryServer,
} from './kit/repository-server.ts';
import { runProgram } from '../../kit/program.ts';
import { until } from '../../kit/until.ts';
import { createScene, NOW, refused, succeeded, type Scene } from './kit/scene.ts';
import { createTestRepository, type TestRepository } from './kit/tuf-repository.ts';

const SIZE = 400_000;
/** A whole program has to start in it, on a machine that may be busy. */
const CHILD_DEADLINE_MS = 30_000;

interface Stage {
  readonly pack: Buffer;
  readonly release: Release;
  readonly repository: TestRepository;
  readonly server: RepositoryServer;
  readonly scene: Scene;
}

async function stage(size = SIZE, now = NOW): Promise<Stage> {
  const pack = randomBytes(size);
  const repository = createTestRepository(now);
  const release = repository.addRelease('1.0', { pack });
  repository.issue();
  return { pack, release, repository, server: await serveRepository(repository.files), scene: createScene(repository) };
}

/** Misbehaves for the pack only. */
function onPack(misbehaviour: (from: number, response: ServerResponse, bytes: Buffer) => boolean): Misbehaviour {
  return (request, response, bytes) =>
    request.url?.endsWith('.full.pack') === true &&
    bytes !== undefined &&
    misbehaviour(rangeStart(request), response, bytes);
}

/** The head of an honest answer from `from` on. */
function head(response: ServerResponse, from: number, bytes: Buffer, length = bytes.length - from): void {
  const range = { 'content-range': `bytes ${String(from)}-${String(bytes.length - 1)}/${String(bytes.length)}` };
  response.writeHead(from === 0 ? 200 : 206, {
    'content-length': length,
    etag: etagOf(bytes),
    ...(from === 0 ? {} : range),
  });
}

function content(scene: Scene): Buffer {
  expect(readdirSync(scene.folder).sort()).toEqual(['full.pack', 'state']);
  return readFileSync(join(scene.folder, 'full.pack'));
}

describe('a download', () => {
  it('is cut at every 1 % and resumed by itself; each byte is fetched at most 1.1 times', async () => {
    const { pack, release, server, scene } = await stage();
    let sent = 0;
    server.misbehave = onPack((from, response, bytes) => {
      const end = Math.min(bytes.length, from + bytes.length / 100);
      const part = bytes.subarray(from, end);
      sent += part.length;
      head(response, from, bytes);
      if (end === bytes.length) response.end(part);
      else response.write(part, () => response.destroy());
      return true;
    });
    const source = scene.open(server.url);
    succeeded(await source.download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
    expect(sent).toBeLessThanOrEqual(pack.length * 1.1);
    const ranges = server.seen.filter(({ path }) => path.endsWith('.full.pack'));
    expect(ranges.length).toBeGreaterThanOrEqual(100);
    expect(ranges.at(-1)?.ifRange).toBe(etagOf(pack));
  });

  it('is cancelled at every 1 % and goes on in the next call', async () => {
    const { pack, release, server, scene } = await stage();
    let sent = 0;
    server.misbehave = onPack((from, response, bytes) => {
      const end = Math.min(bytes.length, from + Math.ceil(bytes.length / 100));
      sent += end - from;
      head(response, from, bytes);
      if (end === bytes.length) response.end(bytes.subarray(from));
      else response.write(bytes.subarray(from, end));
      return true;
    });
    const source = scene.open(server.url);
    for (let calls = 1; ; calls += 1) {
      const abort = new AbortController();
      const start = partSize(scene);
      const onProgress = ({ doneBytes }: TransferProgress): void => {
        if (doneBytes > start && doneBytes < pack.length) abort.abort();
      };
      const outcome = await source.download(release, scene.folder, { signal: abort.signal, onProgress });
      if (outcome.ok) break;
      expect(outcome.fault.code).toBe('cancelled');
      expect(partSize(scene)).toBeGreaterThan(start);
      expect(calls).toBeLessThan(110);
    }
    expect(content(scene).equals(pack)).toBe(true);
    expect(sent).toBeLessThanOrEqual(pack.length * 1.1);
  });

  it(
    'is killed half-way, and the next launcher goes on',
    async () => {
      const { pack, release, repository, server, scene } = await stage(SIZE, Date.now());
      let sent = 0;
      server.misbehave = onPack((from, response, bytes) => {
        const end = Math.min(bytes.length, from + bytes.length / 2);
        sent += end - from;
        head(response, from, bytes);
        if (end === bytes.length) response.end(bytes.subarray(from));
        else response.write(bytes.subarray(from, end));
        return true;
      });
      writeFileSync(join(scene.stateFolder, 'root.json'), repository.firstRoot);
      const program = join(import.meta.dirname, '../../programs/children/download-release.ts');
      for (const last of [false, true]) {
        const child = runProgram(process.execPath, [program, server.url, scene.stateFolder, scene.folder]);
        if (last) expect(await child.ended, child.errorOutput()).toBe(0);
        else {
          await until(
            () => partSize(scene) === pack.length / 2,
            () => child.errorOutput(),
            CHILD_DEADLINE_MS,
          );
          child.signal('SIGKILL');
          await child.ended;
        }
      }
      expect(release.version).toBe('1.0');
      expect(content(scene).equals(pack)).toBe(true);
      expect(sent).toBe(pack.length);
    },
    2 * CHILD_DEADLINE_MS,
  );

  it('reports progress to the last byte, with a rate', async () => {
    const { pack, release, server, scene } = await stage();
    const seen: TransferProgress[] = [];
    succeeded(
      await scene.open(server.url).download(release, scene.folder, { onProgress: (progress) => seen.push(progress) }),
    );
    expect(seen.at(-1)).toMatchObject({ doneBytes: pack.length, totalBytes: pack.length });
    expect(seen.at(-1)?.rate).toBeGreaterThan(0);
  });

  it('is not repeated when it is there already, and is when it is not what was signed', async () => {
    const { pack, release, server, scene } = await stage();
    const source = scene.open(server.url);
    succeeded(await source.download(release, scene.folder, {}));
    const before = server.sent;
    succeeded(await source.download(release, scene.folder, {}));
    expect(server.sent).toBe(before);
    writeFileSync(join(scene.folder, 'full.pack'), Buffer.alloc(pack.length));
    succeeded(await source.download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
  });

  it('begins at 0 without a splice when the server ignores Range', async () => {
    const { pack, release, server, scene } = await stage();
    let cuts = 2;
    server.misbehave = onPack((_from, response, bytes) => {
      head(response, 0, bytes);
      if (cuts === 0) response.end(bytes);
      else response.write(bytes.subarray(0, 100_000 * cuts), () => response.destroy());
      cuts -= 1;
      return true;
    });
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
  });

  it.each(['another start', 'another length', 'no Content-Range', '416'])(
    'does not splice a range with %s',
    async (wrong) => {
      const { pack, release, server, scene } = await stage();
      let attempts = 0;
      server.misbehave = onPack((from, response, bytes) => {
        attempts += 1;
        if (attempts === 1) {
          head(response, 0, bytes);
          response.write(bytes.subarray(0, 150_000), () => response.destroy());
          return true;
        }
        if (from === 0) return false;
        const ranges: Record<string, string> = {
          'another start': `bytes ${String(from - 1)}-${String(bytes.length - 1)}/${String(bytes.length)}`,
          'another length': `bytes ${String(from)}-${String(bytes.length)}/${String(bytes.length + 1)}`,
        };
        const range = ranges[wrong];
        response.writeHead(wrong === '416' ? 416 : 206, range === undefined ? {} : { 'content-range': range });
        response.end(wrong === '416' ? '' : bytes.subarray(from));
        return true;
      });
      succeeded(await scene.open(server.url).download(release, scene.folder, {}));
      expect(content(scene).equals(pack)).toBe(true);
    },
  );

  it('takes a file that changed under the same ETag once more without Range, then refuses it', async () => {
    const { pack, release, server, scene } = await stage();
    const other = Buffer.from(pack);
    other.fill(0, SIZE / 2);
    let attempts = 0;
    const requests: boolean[] = [];
    const serve = (again: Buffer): Misbehaviour =>
      onPack((from, response, bytes) => {
        attempts += 1;
        requests.push(from > 0);
        const now = attempts <= 2 ? other : again;
        head(response, from, bytes);
        if (attempts === 1) response.write(now.subarray(0, 150_000), () => response.destroy());
        else response.end(now.subarray(from));
        return true;
      });
    server.misbehave = serve(pack);
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
    expect(requests).toEqual([false, true, false]);

    writeFileSync(join(scene.folder, 'full.pack'), '');
    attempts = 0;
    server.misbehave = serve(other);
    expect(refused(await scene.open(server.url).download(release, scene.folder, {})).code).toBe('digest-mismatch');
    expect(attempts).toBe(3);
    expect(readdirSync(scene.folder)).toEqual(['state']);
  });

  it('stops at one byte more than signed, announced or not', async () => {
    const { release, server, scene } = await stage();
    for (const announced of [true, false]) {
      let written = 0;
      server.misbehave = onPack((_from, response, bytes) => {
        if (announced) head(response, 0, bytes, bytes.length + 1);
        else response.writeHead(200);
        response.write(bytes);
        const pour = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
        };
        response.on('drain', pour);
        if (!announced) pour();
        return true;
      });
      expect(refused(await scene.open(server.url).download(release, scene.folder, {})).code).toBe('body-too-long');
      expect(readdirSync(scene.folder)).toEqual(['state']);
      expect(written).toBeLessThan(32 * 1024 * 1024);
    }
  });

  it('is resumed when the body is shorter than its announced length, and given up when it stays so', async () => {
    const { pack, release, server, scene } = await stage();
    let attempts = 0;
    server.misbehave = onPack((from, response, bytes) => {
      attempts += 1;
      if (attempts > 1) return false;
      head(response, from, bytes);
      response.write(bytes.subarray(0, 200_000), () => response.socket?.end());
      return true;
    });
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);

    writeFileSync(join(scene.folder, 'full.pack'), '');
    attempts = 0;
    server.misbehave = onPack((from, response, bytes) => {
      attempts += 1;
      head(response, from, bytes.subarray(0, Math.max(from, SIZE / 2)), Math.max(0, SIZE / 2 - from));
      response.end(bytes.subarray(from, SIZE / 2));
      return true;
    });
    expect(refused(await scene.open(server.url).download(release, scene.folder, {})).code).toMatch(
      /body-truncated|http-status/,
    );
    expect(attempts).toBeLessThan(30);
  });

  it('at one byte a second is stopped by the minimum rate within 90 s, and goes on later', async () => {
    const { pack, release, server, scene } = await stage();
    const line = slowLine(scene, 1);
    server.misbehave = line.misbehave;
    const source = scene.open(server.url, {}, { clock: line.clock });
    expect(refused(await source.download(release, scene.folder, {})).code).toBe('too-slow');
    expect(line.clock.monotonic()).toBeGreaterThanOrEqual(59_000);
    expect(line.clock.monotonic()).toBeLessThan(90_000);
    expect(partSize(scene)).toBeGreaterThan(50);
    server.misbehave = () => false;
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
  });

  it('at an honest 50 KB/s completes, however long it takes', async () => {
    // Ten times the window of the rule.
    const { pack, release, server, scene } = await stage(600 * 50_000);
    const line = slowLine(scene, 50_000);
    server.misbehave = line.misbehave;
    const seen: TransferProgress[] = [];
    const source = scene.open(server.url, {}, { clock: line.clock });
    succeeded(await source.download(release, scene.folder, { onProgress: (progress) => seen.push(progress) }));
    expect(line.clock.monotonic()).toBeGreaterThan(590_000);
    expect(seen.at(-1)?.rate).toBeGreaterThan(45_000);
    expect(seen.at(-1)?.rate).toBeLessThan(55_000);
    expect(content(scene).equals(pack)).toBe(true);
  });

  it('waits out 503 and 429, and gives up at once on 404', async () => {
    const { pack, release, server, scene } = await stage();
    let attempts = 0;
    server.misbehave = onPack((_from, response) => {
      attempts += 1;
      if (attempts > 3) return false;
      response.writeHead(attempts % 2 === 0 ? 503 : 429, { 'retry-after': '2' }).end();
      return true;
    });
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
    writeFileSync(join(scene.folder, 'full.pack'), '');
    attempts = 0;
    server.misbehave = onPack((_from, response) => {
      attempts += 1;
      response.writeHead(404).end();
      return true;
    });
    expect(refused(await scene.open(server.url).download(release, scene.folder, {})).code).toBe('http-status');
    expect(attempts).toBe(1);
  });

  it('from a captive portal is refused and keeps what is there', async () => {
    const { pack, release, server, scene } = await stage();
    let attempts = 0;
    server.misbehave = onPack((from, response, bytes) => {
      attempts += 1;
      if (attempts === 1) {
        head(response, from, bytes);
        response.write(bytes.subarray(0, 150_000), () => response.destroy());
      } else response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      return true;
    });
    const fault = refused(await scene.open(server.url).download(release, scene.folder, {}));
    expect(fault).toMatchObject({ code: 'metadata-invalid', values: { reason: 'web-page' } });
    expect(partSize(scene)).toBe(150_000);
    server.misbehave = () => false;
    server.sent = 0;
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
    expect(server.sent).toBeLessThan(pack.length);
  });
});

describe('the disk under a download', () => {
  it('is asked for room before', async () => {
    const { release, server, scene } = await stage();
    const full: Files = {
      ...scene.files,
      space: () => Promise.resolve(succeed({ device: '1', freeBytes: SIZE, totalBytes: SIZE })),
    };
    const fault = refused(await scene.open(server.url, {}, { files: full }).download(release, scene.folder, {}));
    expect(fault).toMatchObject({ code: 'space-short', values: { freeBytes: SIZE } });
    expect(server.seen.some(({ path }) => path.endsWith('.full.pack'))).toBe(false);
  });

  it('is freed again when it is full at 60 % all the same', async () => {
    const { release, server, scene } = await stage();
    const files = fullAfter(scene.files, SIZE * 0.6);
    const fault = refused(await scene.open(server.url, {}, { files }).download(release, scene.folder, {}));
    expect(fault.code).toBe('disk-full');
    expect(readdirSync(scene.folder)).toEqual(['state']);
  });

  it.each(['', 'garbage', '{"schema":2}', '{"schema":1,"sha256":"other"}'])(
    'holds a side file of %j: it begins anew',
    async (text) => {
      const { pack, release, server, scene } = await stage();
      writeFileSync(join(scene.folder, 'full.pack.part'), Buffer.alloc(100_000));
      writeFileSync(join(scene.folder, 'full.pack.json'), text);
      succeeded(await scene.open(server.url).download(release, scene.folder, {}));
      expect(content(scene).equals(pack)).toBe(true);
      expect(server.sent).toBeGreaterThanOrEqual(pack.length);
    },
  );

  it('lost the tail of the part in a power cut: it goes on from there', async () => {
    const { pack, release, server, scene } = await stage();
    await leavePart(server, scene, release);
    truncateSync(join(scene.folder, 'full.pack.part'), 70_000);
    server.sent = 0;
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
    expect(server.seen.at(-1)?.range).toBe('bytes=70000-');
  });

  it('holds zeros in the part after a power cut: it is fetched again, and is right', async () => {
    const { pack, release, server, scene } = await stage();
    await leavePart(server, scene, release);
    writeFileSync(join(scene.folder, 'full.pack.part'), Buffer.alloc(150_000));
    succeeded(await scene.open(server.url).download(release, scene.folder, {}));
    expect(content(scene).equals(pack)).toBe(true);
  });

  it('holds a folder repository: copied with the same verification', async () => {
    const { pack, release, repository, scene } = await stage();
    const folder = join(scene.folder, 'repository');
    repository.writeTo(folder);
    const target = join(scene.folder, 'target');
    succeeded(await scene.files.makeFolder(target));
    const source = scene.open(folder);
    succeeded(await source.download(release, target, {}));
    expect(readFileSync(join(target, 'full.pack')).equals(pack)).toBe(true);

    const place = [...repository.files.keys()].find((path) => path.endsWith('.full.pack')) ?? '';
    for (const [wrong, code] of [
      [Buffer.alloc(SIZE), 'digest-mismatch'],
      [Buffer.alloc(SIZE + 1), 'body-too-long'],
      [pack.subarray(0, SIZE / 2), 'digest-mismatch'],
    ] as const) {
      writeFileSync(join(folder, place), wrong);
      writeFileSync(join(target, 'full.pack'), '');
      expect(refused(await source.download(release, target, {})).code).toBe(code);
      expect(existsSync(join(target, 'full.pack'))).toBe(false);
    }
  });
});

/** A line on which each second brings so many bytes; a second passes when those of the last one are on the disk. */
function slowLine(scene: Scene, bytesPerSecond: number): { readonly clock: Clock; readonly misbehave: Misbehaviour } {
  let passedMs = 0;
  const misbehave = onPack((from, response, bytes) => {
    head(response, from, bytes);
    let position = from;
    const flow = setInterval(() => {
      if (partSize(scene) < position) return;
      passedMs += 1_000;
      const next = Math.min(bytes.length, position + bytesPerSecond);
      response.write(bytes.subarray(position, next));
      position = next;
      if (position === bytes.length) response.end();
    }, 1);
    response.on('close', () => clearInterval(flow));
    return true;
  });
  return { clock: { ...scene.clock, monotonic: () => passedMs }, misbehave };
}

function partSize(scene: Scene): number {
  const path = join(scene.folder, 'full.pack.part');
  return existsSync(path) ? statSync(path).size : 0;
}

/** Leaves 150,000 bytes behind, as a killed launcher would. */
async function leavePart(server: RepositoryServer, scene: Scene, release: Release): Promise<void> {
  server.misbehave = onPack((from, response, bytes) => {
    head(response, from, bytes);
    response.write(bytes.subarray(0, 150_000));
    return true;
  });
  const abort = new AbortController();
  const look = setInterval(() => {
    if (partSize(scene) === 150_000) abort.abort();
  }, 5);
  const outcome = await scene.open(server.url).download(release, scene.folder, { signal: abort.signal });
  clearInterval(look);
  expect(refused(outcome).code).toBe('cancelled');
  server.misbehave = () => false;
}

/** A disk that takes `limit` bytes and no more. */
function fullAfter(files: Files, limit: number): Files {
  return {
    ...files,
    openWritable: async (path, options) => {
      const opened = await files.openWritable(path, options);
      if (!opened.ok) return opened;
      let written = 0;
      const write = (bytes: Uint8Array): ReturnType<typeof opened.value.write> => {
        written += bytes.length;
        if (written > limit) return Promise.resolve(fail(faultOf('disk-full', 'no space is left', { path })));
        return opened.value.write(bytes);
      };
      return succeed({ ...opened.value, write });
    },
  };
}
