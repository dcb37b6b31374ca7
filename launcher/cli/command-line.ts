import type { OwnProcess } from '../../platform/own-process.ts';
import type { Platform } from '../../platform/platform.ts';
import { loadConfiguration } from '../configuration/load.ts';
import { EXIT } from './exit-status.ts';
import { runLauncher } from './run.ts';

export async function runCommandLine(platform: Platform, own: OwnProcess): Promise<number> {
  const index = own.args.indexOf('--config');
  const loaded = await loadConfiguration(platform.files, platform.machine, own.args[index + 1] ?? '');
  if (!loaded.ok) {
    own.errorOutput.write(`${JSON.stringify(loaded.fault, undefined, 2)}\n`);
    return EXIT.wrongUsage;
  }
  return runLauncher(platform, own, loaded.value);
}
