import { describe, expect, it } from 'vitest';
import { refreshRepository } from '../../../installer/publish/repository.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { Killed, createScene, dyingFiles, valueOf } from './scene.ts';

/** More changes than any act makes: the loop ends when an act survives. */
const CHANGES_LIMIT = 60;

/** Repeats an act on fresh scenes, killed at its first change, its second, … until it survives; returns how often it died. */
async function killEverywhere(
  prepare: (work: string) => Promise<ReturnType<typeof createScene>>,
  act: (
    scene: ReturnType<typeof createScene>,
    using: ReturnType<typeof createScene>['dependencies'],
  ) => Promise<unknown>,
  check: (scene: ReturnType<typeof createScene>) => Promise<void>,
): Promise<number> {
  for (let fatal = 0; fatal < CHANGES_LIMIT; fatal += 1) {
    const scene = await prepare(temporaryFolder('killed'));
    const { files, died } = dyingFiles(fatal);
    const outcome = await act(scene, { ...scene.dependencies, files }).catch((error: unknown) => error);
    if (died()) expect(outcome).toBeInstanceOf(Killed);
    await check(scene);
    if (!died()) return fatal;
  }
  throw new Error('the act never survived');
}

describe('a publisher that dies at any change of the disk', () => {
  it('leaves an unfinished init that the next init finishes', { timeout: 60_000 }, async () => {
    const deaths = await killEverywhere(
      (work) => Promise.resolve(createScene(work)),
      (scene, using) => scene.init(using),
      async (scene) => {
        const again = await scene.init();
        // The survivor of the last round is complete already.
        expect(again.ok ? 'finished' : again.fault.code).toMatch(/finished|already-exists/u);
        expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: [] });
        expect(await scene.add(scene.bundle('one'))).toMatchObject({ ok: true });
      },
    );
    expect(deaths).toBeGreaterThan(10);
  });

  it('leaves the old repository or the new one when it adds a release', { timeout: 60_000 }, async () => {
    const seen = new Set<number>();
    const deaths = await killEverywhere(
      async (work) => {
        const scene = createScene(work);
        valueOf(await scene.init());
        valueOf(await scene.add(scene.bundle('one')));
        return scene;
      },
      (scene, using) => scene.add(scene.bundle('two'), { product: 'staff', version: '2' }, using),
      async (scene) => {
        const after = valueOf(await scene.verify());
        expect(after.problems).toEqual([]);
        expect(after.releases.some((one) => one.version === '1.0.0')).toBe(true);
        seen.add(after.releases.length);
        valueOf(await scene.add(scene.bundle('two'), { product: 'staff', version: '2' }));
        const settled = valueOf(await scene.verify());
        expect(settled).toMatchObject({ problems: [] });
        expect(settled.releases).toHaveLength(2);
      },
    );
    expect(deaths).toBeGreaterThan(15);
    expect([...seen].sort()).toEqual([1, 2]);
  });

  it('leaves a valid repository when it signs everything again', { timeout: 60_000 }, async () => {
    const roles = ['root', 'targets', 'business-stable', 'snapshot'];
    const deaths = await killEverywhere(
      async (work) => {
        const scene = createScene(work);
        valueOf(await scene.init());
        valueOf(await scene.add(scene.bundle('one')));
        return scene;
      },
      ({ repository, keys }, using) => refreshRepository(using, { repository, keys, roles }),
      async (scene) => {
        const { repository, keys } = scene;
        expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: [{ version: '1.0.0' }] });
        valueOf(await refreshRepository(scene.dependencies, { repository, keys, roles }));
        expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: [{ version: '1.0.0' }] });
      },
    );
    expect(deaths).toBeGreaterThan(8);
  });
});
