import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from '../../scripts/executable/bundle.ts';

/** The real launcher as one file, made once a run as for the single executable: each start takes a third of the time. */
export interface LauncherProgram {
  readonly launcher: string;
  /** What a traced launcher loads in front: see pinned-names.ts. */
  readonly pinnedNames: string;
  /** What a launcher loads in front whose disk is kept at many of its calls: see cut-barrier.ts. */
  readonly cutBarrier: string;
}

const ROOT = resolve(import.meta.dirname, '../..');

export async function makeLauncherProgram(folder: string): Promise<LauncherProgram> {
  const make = async (name: string, entry: string): Promise<string> => {
    const file = join(folder, name);
    writeFileSync(file, await bundle(ROOT, entry));
    return file;
  };
  return {
    launcher: await make('launcher.cjs', 'launcher/main.ts'),
    pinnedNames: await make('pinned-names.cjs', 'test/faults/pinned-names.ts'),
    cutBarrier: await make('cut-barrier.cjs', 'test/faults/cut-barrier.ts'),
  };
}
