import { expect, it } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import { fail } from '../../../platform/result.ts';
import { serveRepository } from './kit/repository-server.ts';
import { createScene, NOW, refused, succeeded } from './kit/scene.ts';
import { createTestRepository } from './kit/tuf-repository.ts';

/** Root, timestamp, snapshot, targets, delegated role, floor: more writes than a refresh makes. */
const WRITES_LIMIT = 12;

/** The disk until its `fatal`-th durable write (counted from 0); it and all later ones find no room. */
function fullAfter(files: Files, fatal: number): Files {
  let writes = 0;
  return {
    ...files,
    writeDurably: (path, content, mode) =>
      writes++ < fatal
        ? files.writeDurably(path, content, mode)
        : Promise.resolve(fail(faultOf('disk-full', 'no space left on the device', { path }))),
  };
}

it('a disk that is full while trust is saved: told, nothing believed that was not verified, and well once there is room', async () => {
  for (let fatal = 0; fatal < WRITES_LIMIT; fatal += 1) {
    const repository = createTestRepository(NOW);
    repository.addRelease('1.0');
    repository.issue();
    const server = await serveRepository(repository.files);
    const scene = createScene(repository);
    succeeded(await scene.open(server.url).refresh());
    repository.rotate();
    repository.addRelease('2.0');
    repository.issue();
    const full = { files: fullAfter(scene.files, fatal) };
    const first = await scene.open(server.url, {}, full).refresh();
    if (first.ok) {
      expect(fatal).toBeGreaterThan(3);
      return;
    }
    expect(first.fault.code).toBe('disk-full');
    // Yesterday's metadata is no way in while half of today's is saved.
    expect(refused(await scene.open(server.url, {}, full).refresh()).code).toBe('disk-full');
    const after = succeeded(await scene.open(server.url).refresh());
    expect(after.map(({ version }) => version)).toEqual(['2.0', '1.0']);
  }
  throw new Error('the refresh never survived');
});
