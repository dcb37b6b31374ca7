import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { pathsOf } from './places.ts';

/**
 * Where a bare program name lies: in the bundle, then in PATH, else where the bundle should have it.
 *
 * The kept previous bundle counts as well, so that a bundle missing in the middle of a swap does not send the search to PATH.
 */
export async function locateCommand(name: string, bundle: string, files: Files, machine: Machine): Promise<string> {
  const paths = pathsOf(machine);
  const inBundle = paths.join(bundle, name);
  for (const candidate of [inBundle, paths.join(`${bundle}_old`, name)]) {
    if (await isProgram(files, candidate)) return inBundle;
  }
  const found = await firstProgram(searchPath(name, machine), files);
  return found ?? inBundle;
}

function searchPath(name: string, machine: Machine): string[] {
  const paths = pathsOf(machine);
  const variable = machine.environment['PATH'] ?? machine.environment['Path'] ?? '';
  const folders = variable.split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
  const endings = machine.operatingSystem === 'windows' && paths.extname(name) === '' ? ['.exe', '.cmd', ''] : [''];
  return folders.flatMap((folder) => endings.map((ending) => paths.join(folder, `${name}${ending}`)));
}

async function firstProgram(candidates: readonly string[], files: Files): Promise<string | undefined> {
  for (const candidate of candidates) if (await isProgram(files, candidate)) return candidate;
  return undefined;
}

async function isProgram(files: Files, path: string): Promise<boolean> {
  const facts = await files.facts(path);
  return facts.ok && (facts.value?.kind === 'file' || facts.value?.kind === 'link');
}
