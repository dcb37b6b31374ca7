import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import {
  promoteRelease,
  pruneRepository,
  rolloutRelease,
  rotateKey,
  withdrawRelease,
} from '../../../installer/publish/repository.ts';
import { createReleaseSource } from '../../../installer/repository/signed-repository.ts';
import { silentLog } from '../../../platform/log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { platform } from '../staging/scene.ts';
import { createScene, dyingFiles, Killed, valueOf } from './scene.ts';

const DAY_MS = 86_400_000;
type Scene = ReturnType<typeof createScene>;

async function published(work = temporaryFolder('lifecycle')): Promise<Scene> {
  const scene = createScene(work);
  valueOf(await scene.init());
  valueOf(await scene.add(scene.bundle('one')));
  return scene;
}

/** A launcher's own client, with what it trusts on disk: every look goes on from the one before. */
function client(scene: Scene, channel = 'stable') {
  const folder = join(scene.repository, '..');
  return valueOf(
    createReleaseSource(
      { ...platform, clock: scene.clock, log: silentLog },
      {
        product: 'business',
        channel,
        platform: 'linux-x64',
        root: readFileSync(join(scene.keys.folder, 'root.json')),
        stateFolder: join(folder, `client-${channel}`),
        location: scene.repository,
      },
    ),
  );
}

function choiceOf(scene: Scene, version = '1.0.0') {
  return { repository: scene.repository, keys: scene.keys, choice: { version } };
}

describe('a published release', () => {
  it('is offered to a share, to more, to all; the same twice signs nothing', async () => {
    const scene = await published();
    const reader = client(scene);
    const startsAt = '2026-03-01T00:00:00Z';
    const rollout = (percentage: number, start?: string) =>
      rolloutRelease(scene.dependencies, { ...choiceOf(scene), percentage, startsAt: start });
    expect(valueOf(await rollout(10, startsAt)).changed).toBe(true);
    expect(valueOf(await reader.refresh())[0]?.rollout).toEqual({ percentage: 10, startsAt });
    expect(valueOf(await rollout(10, startsAt)).changed).toBe(false);
    valueOf(await rollout(50));
    expect(valueOf(await reader.refresh())[0]?.rollout).toEqual({ percentage: 50 });
    expect(valueOf(await scene.add(scene.bundle('one'))).changed).toBe(false);
    expect(valueOf(await reader.refresh())[0]?.rollout).toEqual({ percentage: 50 });
    valueOf(await rollout(100));
    expect(valueOf(await reader.refresh())[0]).not.toHaveProperty('rollout');
    expect(valueOf(await scene.verify()).problems).toEqual([]);
  });

  it('is withdrawn with a reason, and given out again', async () => {
    const scene = await published();
    const reader = client(scene);
    const withdraw = (more: object) => withdrawRelease(scene.dependencies, { ...choiceOf(scene), ...more });
    expect(valueOf(await withdraw({ reason: 'loses mails' })).changed).toBe(true);
    expect(valueOf(await reader.refresh())[0]?.withdrawn).toMatchObject({ reason: 'loses mails' });
    await scene.clock.advance(1_000);
    expect(valueOf(await withdraw({ reason: 'loses mails' })).changed).toBe(false);
    valueOf(await withdraw({ again: true }));
    expect(valueOf(await reader.refresh())[0]).not.toHaveProperty('withdrawn');
  });

  it('is promoted byte for byte, its days beginning anew, and refused where the version means something else', async () => {
    const scene = await published();
    await scene.clock.advance(DAY_MS);
    const promote = (to: string) => promoteRelease(scene.dependencies, { ...choiceOf(scene), to });
    const [release] = valueOf(await promote('early')).releases;
    const reader = client(scene, 'early');
    const [seen] = valueOf(await reader.refresh());
    expect(seen).toMatchObject({ channel: 'early', publishedAt: release?.publishedAt });
    const [from] = valueOf(await client(scene).refresh());
    expect(seen?.pack.sha256).toBe(from?.pack.sha256);
    expect(seen?.publishedAt).not.toBe(from?.publishedAt);
    if (seen !== undefined) valueOf(await reader.download(seen, temporaryFolder('download'), {}));
    expect(await promoteRelease(scene.dependencies, { ...choiceOf(scene), to: 'early' })).toMatchObject({
      fault: { code: 'request-invalid', detail: 'say --product and --channel: business early, business stable' },
    });
    const stable = { ...choiceOf(scene), choice: { version: '1.0.0', channel: 'stable' } };
    expect(valueOf(await promoteRelease(scene.dependencies, { ...stable, to: 'early' })).changed).toBe(false);
    valueOf(await scene.add(scene.bundle('another'), { channel: 'beta' }));
    expect(await promoteRelease(scene.dependencies, { ...stable, to: 'beta' })).toMatchObject({
      fault: { code: 'already-exists' },
    });
    expect(await promoteRelease(scene.dependencies, { ...stable, to: '../x' })).toMatchObject({
      fault: { code: 'request-invalid' },
    });
    expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: { length: 3 } });
  });

  it('is unknown by another name', async () => {
    const scene = await published();
    expect(await withdrawRelease(scene.dependencies, choiceOf(scene, '9.9'))).toMatchObject({
      fault: { code: 'release-unknown' },
    });
  });
});

test('pruning drops old releases, then files that nothing names once a day is over, and no root', async () => {
  // The disk has the real time, so the publisher needs it, too: what was written just now is kept.
  const scene = createScene(temporaryFolder('prune'));
  scene.clock.jump(Date.now() - scene.clock.now());
  valueOf(await scene.init());
  valueOf(await scene.add(scene.bundle('one')));
  for (const version of ['1.1.0', '1.2.0']) valueOf(await scene.add(scene.bundle(version), { version }, undefined, 0));
  valueOf(await rotateKey(scene.dependencies, { repository: scene.repository, keys: scene.keys, name: 'timestamp' }));
  const reader = client(scene);
  const prune = () => pruneRepository(scene.dependencies, { repository: scene.repository, keys: scene.keys, keep: 2 });
  const first = valueOf(await prune());
  expect(first).toMatchObject({ dropped: [{ version: '1.0.0' }], removed: [] });
  expect(valueOf(await reader.refresh()).map(({ version }) => version)).toEqual(['1.2.0', '1.1.0']);
  scene.clock.jump(DAY_MS + 60_000);
  const second = valueOf(await prune());
  expect(second.dropped).toEqual([]);
  expect(second.removed.filter((name) => name.includes('/1.0.0/'))).toHaveLength(2);
  expect(second.freedBytes).toBeGreaterThan(0);
  const roots = readdirSync(join(scene.repository, 'metadata')).filter((name) => name.endsWith('.root.json'));
  expect(roots).toEqual(['1.root.json', '2.root.json', '3.root.json']);
  expect(valueOf(await scene.verify())).toMatchObject({ problems: [], releases: { length: 2 } });
  expect(valueOf(await prune()).removed).toEqual([]);
  expect(valueOf(await client(scene).refresh())).toHaveLength(2);
});

/** Changes of the disk between two deaths. */
const STRIDE = 3;

const NAMES = ['timestamp', 'snapshot', 'targets', 'business-stable', 'root-1', 'root-2', 'root-3'];

describe('a key', () => {
  it('is replaced by a new one, each in turn; a client that was away follows the whole chain', async () => {
    const scene = await published();
    const [watching, away] = [client(scene), client(scene)];
    const before = new Set(pemsOf(scene));
    for (const name of [...NAMES, ...NAMES]) {
      const rotated = valueOf(await rotateKey(scene.dependencies, { ...choiceOf(scene), name }));
      expect(readdirSync(scene.keys.folder)).toContain(`${name}.pem`);
      expect(rotated.retired).toContain(`${name}.retired-`);
      expect(valueOf(await watching.refresh()), name).toHaveLength(1);
    }
    expect(pemsOf(scene).filter((pem) => before.has(pem))).toEqual([]);
    expect(valueOf(await away.refresh())).toHaveLength(1);
    expect(valueOf(await scene.verify()).problems).toEqual([]);
    // The vendor goes on with the new keys.
    valueOf(await scene.add(scene.bundle('two'), { version: '2.0.0' }));
    expect(valueOf(await watching.refresh())).toHaveLength(2);
  });

  it('needs enough of the root keys, and a name that is known', async () => {
    const scene = await published();
    const rotate = (name: string) => rotateKey(scene.dependencies, { ...choiceOf(scene), name });
    expect(await rotate('nobody')).toMatchObject({ fault: { code: 'request-invalid' } });
    for (const name of ['root-2.pem', 'root-3.pem'])
      renameSync(join(scene.keys.folder, name), join(scene.keys.folder, `${name}.away`));
    expect(await rotate('timestamp')).toMatchObject({
      fault: { code: 'not-found', detail: /1 root keys.*2 must sign/ },
    });
    expect(valueOf(await client(scene).refresh())).toHaveLength(1);
    for (const name of ['root-2.pem', 'root-3.pem'])
      renameSync(join(scene.keys.folder, `${name}.away`), join(scene.keys.folder, name));
    valueOf(await rotate('timestamp'));
  });

  it.each(['timestamp', 'snapshot', 'targets', 'business-stable', 'root-1'])(
    'whose replacement dies at any change of the disk: %s',
    { timeout: 60_000 },
    async (name) => {
      // A third of the deaths for each role, beginning elsewhere: the roles go the same way.
      for (let fatal = name.length % STRIDE; ; fatal += STRIDE) {
        const scene = await published(temporaryFolder('rotation'));
        const reader = client(scene);
        valueOf(await reader.refresh());
        const { files, died } = dyingFiles(fatal);
        const dying = { ...scene.dependencies, files };
        const outcome = await rotateKey(dying, { ...choiceOf(scene), name }).catch((error: unknown) => error);
        if (died()) expect(outcome).toBeInstanceOf(Killed);
        expect(valueOf(await scene.verify()).problems).toEqual([]);
        expect(valueOf(await reader.refresh())).toHaveLength(1);
        if (!died()) return;
        valueOf(await rotateKey(scene.dependencies, { ...choiceOf(scene), name }));
        expect(readdirSync(scene.keys.folder).filter((file) => file.includes('next'))).toEqual([]);
        expect(valueOf(await reader.refresh())).toHaveLength(1);
      }
    },
  );
});

/** The private keys in use, as they lie there. */
function pemsOf(scene: Scene): readonly string[] {
  return readdirSync(scene.keys.folder)
    .filter((name) => /^[a-z0-9-]+\.pem$/u.test(name))
    .map((name) => readFileSync(join(scene.keys.folder, name), 'utf8'));
}
