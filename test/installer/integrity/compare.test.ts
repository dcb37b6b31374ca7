import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { compareBundle, isIdentical } from '../../../installer/integrity/compare.ts';
import { createStatCache, loadStatCache, saveStatCache } from '../../../installer/integrity/stat-cache.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { pack, platform, writeTree } from '../staging/scene.ts';

let work: string;
let bundle: string;
let manifest: FileManifest;
beforeEach(async () => {
  work = temporaryFolder();
  const tree = { 'a.txt': 'alpha', 'b/c.txt': 'gamma', 'b/d.txt': 'delta', l: { link: 'a.txt' }, 'e/': '' };
  bundle = writeTree(join(work, 'bundle'), tree);
  manifest = (await pack(bundle, work)).manifest;
});

async function compare(dependencies: Parameters<typeof compareBundle>[0] = platform) {
  const compared = await compareBundle(dependencies, { bundle, manifest });
  if (!compared.ok) throw new Error(compared.fault.detail);
  return compared.value;
}

describe('an installed bundle beside its manifest', () => {
  it('is identical when nobody touched it, whatever its time stamps', async () => {
    utimesSync(join(bundle, 'a.txt'), 1, 1);
    const comparison = await compare();
    expect(comparison).toEqual({ changed: [], missing: [], added: [] });
    expect(isIdentical(comparison)).toBe(true);
  });

  it('shows every kind of difference, sorted', async () => {
    writeFileSync(join(bundle, 'a.txt'), 'alphA');
    rmSync(join(bundle, 'b/c.txt'));
    chmodSync(join(bundle, 'b/d.txt'), 0o755);
    rmSync(join(bundle, 'l'));
    symlinkSync('b/d.txt', join(bundle, 'l'));
    rmSync(join(bundle, 'e'), { recursive: true });
    writeFileSync(join(bundle, 'e'), '');
    mkdirSync(join(bundle, 'extra/deep'), { recursive: true });
    writeFileSync(join(bundle, 'extra/deep/evil.dll'), '');
    expect(await compare()).toEqual({
      changed: [
        { path: 'a.txt', difference: 'content' },
        { path: 'b/d.txt', difference: 'mode' },
        { path: 'e', difference: 'kind' },
        { path: 'l', difference: 'target' },
      ],
      missing: ['b/c.txt'],
      added: ['extra', 'extra/deep', 'extra/deep/evil.dll'],
    });
  });

  it('has no permission bits to compare on Windows', async () => {
    chmodSync(join(bundle, 'b/d.txt'), 0o755);
    const windows = { ...platform, machine: { operatingSystem: 'windows' as const } };
    expect(isIdentical(await compare(windows))).toBe(true);
  });

  it('is a fault when it is not there, or is a link', async () => {
    symlinkSync(bundle, join(work, 'link'));
    for (const place of ['nowhere', 'link']) {
      const compared = await compareBundle(platform, { bundle: join(work, place), manifest });
      expect(compared).toMatchObject({ ok: false, fault: { code: 'bundle-missing' } });
    }
  });

  it('can be cancelled', async () => {
    const compared = await compareBundle(platform, { bundle, manifest, signal: AbortSignal.abort() });
    expect(compared).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
  });
});

describe('the cache of digests', () => {
  /** Files that count what is read. */
  function counting() {
    const read: string[] = [];
    const files: typeof platform.files = {
      ...platform.files,
      digest: (path) => {
        read.push(path.slice(bundle.length + 1));
        return platform.files.digest(path);
      },
    };
    return { read, files };
  }
  /** A clock on which the files were written long ago. */
  const later = { ...platform.clock, now: () => platform.clock.now() + 60_000 };

  it('spares an untouched file, and sees a touched one even when size and time are put back', async () => {
    const { read, files } = counting();
    const cache = createStatCache();
    const dependencies = { ...platform, files, clock: later };
    await compareBundle(dependencies, { bundle, manifest, cache });
    expect(read.sort()).toEqual(['a.txt', 'b/c.txt', 'b/d.txt']);
    read.length = 0;
    await compareBundle(dependencies, { bundle, manifest, cache });
    expect(read).toEqual([]);
    utimesSync(join(bundle, 'b/c.txt'), 5, 5);
    await compareBundle(dependencies, { bundle, manifest, cache });
    expect(read).toEqual(['b/c.txt']);
    writeFileSync(join(bundle, 'b/c.txt'), 'gammA');
    utimesSync(join(bundle, 'b/c.txt'), 5, 5);
    const compared = await compareBundle(dependencies, { bundle, manifest, cache });
    expect(compared).toMatchObject({ value: { changed: [{ path: 'b/c.txt', difference: 'content' }] } });
  });

  it('remembers nothing of a file that was written a moment before', async () => {
    const { read, files } = counting();
    const cache = createStatCache();
    await compareBundle({ ...platform, files }, { bundle, manifest, cache });
    await compareBundle({ ...platform, files }, { bundle, manifest, cache });
    expect(read).toHaveLength(6);
  });

  it('outlives the process in a file, and a damaged file is a fault', async () => {
    const path = join(work, 'cache.json');
    expect(await loadStatCache(platform.files, path)).toMatchObject({ ok: true });
    const cache = createStatCache();
    await compareBundle({ ...platform, clock: later }, { bundle, manifest, cache });
    expect(await saveStatCache(platform.files, path, cache)).toEqual({ ok: true });
    const loaded = await loadStatCache(platform.files, path);
    if (!loaded.ok) throw new Error(loaded.fault.detail);
    const { read, files } = counting();
    await compareBundle({ ...platform, files, clock: later }, { bundle, manifest, cache: loaded.value });
    expect(read).toEqual([]);
    for (const damaged of ['{', '[]', '{"schema":1,"files":{"a":{"stamp":1}}}']) {
      writeFileSync(path, damaged);
      expect(await loadStatCache(platform.files, path)).toMatchObject({ fault: { code: 'record-corrupt' } });
    }
  });
});
