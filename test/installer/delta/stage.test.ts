import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeltaPack, type DeltaPack } from '../../../installer/delta/create-delta-pack.ts';
import { decodeDeltaManifestFile, encodeDeltaManifest } from '../../../installer/delta/delta-manifest.ts';
import { rebuildManifest } from '../../../installer/delta/rebuild-manifest.ts';
import { type DeltaStageRequest, stageFromDelta } from '../../../installer/delta/stage-from-delta.ts';
import { compareBundle, isIdentical } from '../../../installer/integrity/compare.ts';
import type { FileManifest } from '../../../installer/release.ts';
import type { Result } from '../../../platform/result.ts';
import { makeTemporaryFolder, temporaryFolder } from '../../kit/temporary-folder.ts';
import { noise, pack, type Packed, platform, writeTree } from '../staging/scene.ts';

const program = noise('program', 400_000);
const texts = (version: string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [
      `texts/${index}.txt`,
      `${noise(`text ${index}`, 300).toString('hex')}\nversion ${version}\n`,
    ]),
  );

const OLD = {
  'bin/server': program,
  'bin/tool': noise('tool', 300_000),
  'web/app.3f2a9c1b.js': noise('app', 90_000),
  'web/vendor.js': noise('vendor', 50_000),
  'Settings/empty': '',
  'gone/readme.txt': 'gone',
  'kind/changes': 'a file',
  current: { link: 'bin' },
  ...texts('1'),
};
const NEW = {
  'bin/server': Buffer.concat([program.subarray(0, 150_000), noise('feature', 900), program.subarray(150_000)]),
  'bin/tool': OLD['bin/tool'],
  'bin/tool-copy': OLD['bin/tool'],
  'web/app.77d0e2aa.js': Buffer.concat([noise('app', 80_000), noise('new end', 500)]),
  'web/third/moved.js': OLD['web/vendor.js'],
  'web/third/again.js': Buffer.concat([Buffer.from('// 2\n'), OLD['web/vendor.js'].subarray(5)]),
  'Settings/empty': '',
  'Settings/empty-too': '',
  'kind/changes/inside': 'now a folder',
  current: { link: 'web' },
  ...texts('2'),
};

const scene = makeTemporaryFolder('delta');
let [old, target]: Packed[] = [];
let delta: DeltaPack;
beforeAll(async () => {
  const [oldFolder, newFolder] = [writeTree(join(scene.path, 'old'), OLD), writeTree(join(scene.path, 'new'), NEW)];
  chmodSync(join(newFolder, 'bin/server'), 0o755);
  old = await pack(oldFolder, scene.path, 'old-full');
  target = await pack(newFolder, scene.path, 'new-full');
  delta = await createDelta(join(scene.path, 'delta.pack'), old.manifest, target.manifest);
});
afterAll(() => scene.remove());

async function createDelta(packFile: string, from: FileManifest, to: FileManifest): Promise<DeltaPack> {
  const olds = { folder: join(scene.path, 'old'), manifest: from };
  const news = { folder: join(scene.path, 'new'), manifest: to };
  return value(await createDeltaPack(platform.files, { old: olds, target: news, packFile }));
}

/** Each test may spoil its own old folder and pack. */
let work: string;
let request: DeltaStageRequest;
beforeEach(() => {
  if (old === undefined || target === undefined) throw new Error('no scene');
  work = temporaryFolder('delta');
  const [oldFolder, packFile] = [join(work, 'old'), join(work, 'delta.pack')];
  cpSync(join(scene.path, 'old'), oldFolder, { recursive: true, verbatimSymlinks: true });
  copyFileSync(join(scene.path, 'delta.pack'), packFile);
  const staged = { folder: join(work, 'staged'), manifest: target.manifest };
  request = { ...staged, oldFolder, oldManifest: old.manifest, delta: delta.manifest, packFile };
});

function value<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

describe('a delta', () => {
  it('makes the new release of the old one', async () => {
    const progress: number[] = [];
    const staged = await stageFromDelta(platform, { ...request, onProgress: (done) => progress.push(done) });
    expect(staged).toMatchObject({ ok: true });
    expect(progress.at(-1)).toBe(Object.values(NEW).reduce((sum, content) => sum + byteLength(content), 0));
    await platform.files.setMode(request.folder, target?.manifest.rootMode ?? 0o755);
    const compared = value(await compareBundle(platform, { bundle: request.folder, manifest: request.manifest }));
    expect(isIdentical(compared)).toBe(true);
    expect(readFileSync(join(request.folder, 'web/app.77d0e2aa.js')).equals(NEW['web/app.77d0e2aa.js'])).toBe(true);
  });

  it('is small: what is new, and little else', () => {
    const manifest = encodeDeltaManifest(delta.manifest);
    expect(delta.length).toBeLessThan(2_500);
    expect(manifest.length).toBeLessThan(7_500);
    expect(target?.bytes.length).toBeGreaterThan(800_000);
  });

  it('carries the new file manifest as changes of the old one', () => {
    const decoded = value(decodeDeltaManifestFile(encodeDeltaManifest(delta.manifest)));
    expect(value(rebuildManifest(request.oldManifest, decoded))).toEqual(request.manifest);
    const other = { ...request.oldManifest, entries: request.oldManifest.entries.slice(0, -1) };
    expect(rebuildManifest(other, decoded).ok).toBe(false);
  });

  it('is the same bytes when it is made again', async () => {
    const again = join(work, 'again.pack');
    const made = await createDelta(again, request.oldManifest, request.manifest);
    expect(made).toEqual(delta);
    expect(readFileSync(again).equals(readFileSync(request.packFile))).toBe(true);
  });
});

describe('staging from a delta', () => {
  it.each([
    ['an old file that is patched and was changed here', 'bin/server'],
    ['a small one of many', 'texts/7.txt'],
  ])('refuses %s, and names it', async (_, path) => {
    writeFileSync(join(request.oldFolder, path), 'changed here');
    const staged = await stageFromDelta(platform, request);
    const fault = { code: 'digest-mismatch', path: join(request.oldFolder, path) };
    expect(staged).toMatchObject({ ok: false, fault });
    expect(existsSync(request.folder)).toBe(false);
  });

  it('finds an unchanged file that was changed here when it proves the result', async () => {
    const bytes = readFileSync(join(request.oldFolder, 'bin/tool'));
    bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
    writeFileSync(join(request.oldFolder, 'bin/tool'), bytes);
    const staged = await stageFromDelta(platform, request);
    expect(staged).toMatchObject({ ok: false, fault: { code: 'digest-mismatch' } });
    expect(JSON.stringify(staged)).toContain('bin/tool');
    expect(existsSync(request.folder)).toBe(false);
  });

  it.each<[string, () => void]>([
    ['a missing old file', () => rmSync(join(request.oldFolder, 'bin/server'))],
    ['a missing pack', () => rmSync(request.packFile)],
    ['a pack that is cut', () => writeFileSync(request.packFile, readFileSync(request.packFile).subarray(1))],
    ['a folder that is there', () => mkdirSync(request.folder)],
    ['a link instead of an old file', () => replaceByLink('bin/server')],
  ])('fails cleanly with %s', async (_, spoil) => {
    spoil();
    const there = existsSync(request.folder);
    const staged = await stageFromDelta(platform, request);
    expect(staged.ok).toBe(false);
    expect(existsSync(request.folder)).toBe(there);
  });

  it('stops when it is cancelled, and leaves nothing', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const staged = await stageFromDelta(platform, { ...request, onProgress, signal: controller.signal });
    expect(staged).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    expect(existsSync(request.folder)).toBe(false);
  });
});

function replaceByLink(path: string): void {
  const from = join(request.oldFolder, path);
  writeFileSync(join(work, 'elsewhere'), readFileSync(from));
  rmSync(from);
  symlinkSync(join(work, 'elsewhere'), from);
}

function byteLength(content: string | Buffer | { readonly link: string }): number {
  return typeof content === 'string' || Buffer.isBuffer(content) ? content.length : 0;
}
