import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../scripts/executable/bundle.ts';
import { ONE_FILE } from './launcher-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Before all tests: the real launcher as one file, as it is in the single executable. The scenes start launchers and commands
 * hundreds of times, and from one file a start takes less than half of the processor's time.
 *
 * Always at the same place, and there it stays: Node keeps compiled code by the file's name, and another run may use it.
 */
export default async function makeOneLauncher(project: TestProject): Promise<void> {
  const file = project.config.env[ONE_FILE];
  if (typeof file !== 'string') throw new Error(`the configuration of the tests does not name ${ONE_FILE}`);
  const make = async (): Promise<void> => {
    mkdirSync(dirname(file), { recursive: true });
    const made = `${file}.${process.pid}`;
    writeFileSync(made, await bundle(ROOT, 'launcher/main.ts'));
    renameSync(made, file);
  };
  await make();
  project.onTestsRerun(make);
}
