import { join, resolve } from 'node:path';

/** The variable that names the one file; see one-launcher.ts. */
export const ONE_FILE = 'OM_TEST_LAUNCHER';

const MAIN = join(resolve(import.meta.dirname, '../..'), 'launcher/main.ts');

/** Command and leading arguments of the real launcher: as one file where a run of the tests has made it, else from its sources. */
export function launcherCommand(): readonly [command: string, program: string] {
  return [process.execPath, process.env[ONE_FILE] ?? MAIN];
}
