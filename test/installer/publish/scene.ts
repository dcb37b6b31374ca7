import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseDescription } from '../../../installer/publish/description.ts';
import type { PublishDependencies } from '../../../installer/publish/publication.ts';
import {
  type AddRequest,
  addRelease,
  initRepository,
  verifyRepository,
} from '../../../installer/publish/repository.ts';
import type { Files } from '../../../platform/files.ts';
import type { Result } from '../../../platform/result.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { platform, writeTree } from '../staging/scene.ts';

export const description: ReleaseDescription = {
  product: 'business',
  channel: 'stable',
  version: '1.0.0',
  platform: 'linux-x64',
  dataFormat: '7',
  notes: { en: 'First', fr: 'Première «version»\navec deux lignes' },
};

/** An empty repository with unencrypted keys in a folder of its own, on a clock that stands still. */
export function createScene(work: string) {
  const clock = createFakeClock();
  const dependencies: PublishDependencies = {
    files: platform.files,
    clock,
    locks: platform.locks,
    machine: { temporaryFolder: work },
  };
  const repository = join(work, 'repository');
  const keys = { folder: join(work, 'keys'), passphrase: undefined };
  return {
    clock,
    dependencies,
    repository,
    keys,
    init: (using = dependencies) => initRepository(using, { repository, keys, rootKeys: 3, rootThreshold: 2 }),
    add: (
      folder: string,
      changes: Partial<ReleaseDescription> = {},
      using = dependencies,
      deltas?: number,
      more: Partial<AddRequest> = {},
    ) =>
      addRelease(using, {
        ...more,
        repository,
        keys,
        folder,
        description: { ...description, ...changes },
        compressionLevel: 1,
        deltas,
      }),
    bundle: (name: string, content = name) => writeTree(join(work, name), { 'server.txt': content, 'data/x': 'x' }),
    verify: () => verifyRepository(dependencies, { repository, anchor: readFileSync(join(keys.folder, 'root.json')) }),
  };
}

/** The value of a result that must be there. */
export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

/** The death of the publisher, in mid-act: it is no fault, so nobody may take it for one. */
export class Killed extends Error {}

const MUTATIONS: readonly (keyof Files)[] = [
  'writeDurably',
  'appendDurably',
  'openWritable',
  'makeFolder',
  'makeNewFolder',
  'renameNew',
  'copyFile',
  'makeLink',
  'setMode',
  'setOwner',
  'setTimes',
  'remove',
  'removeTree',
];

/**
 * The disk until its `fatal`-th change (counted from 0), at which the process dies: nothing that is begun afterwards has any
 * effect. What a file that is open already is given counts as one change with its opening.
 */
export function dyingFiles(fatal: number): { readonly files: Files; readonly died: () => boolean } {
  let changes = 0;
  const dying =
    (name: keyof Files, act: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      if (changes++ >= fatal) throw new Killed(name);
      return act(...args);
    };
  const changing = Object.entries(platform.files)
    .filter(([name]) => MUTATIONS.some((one) => one === name))
    .map(([name, act]) => [name, dying(name as keyof Files, act as (...args: unknown[]) => unknown)]);
  const files: Files = { ...platform.files, ...(Object.fromEntries(changing) as Partial<Files>) };
  return { files, died: () => changes > fatal };
}
