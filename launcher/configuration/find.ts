import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { pathsOf, stateRoot } from './places.ts';

/** The file's name wherever it is looked for. */
export const CONFIGURATION_NAME = 'om-launcher.json';

/**
 * The configuration when no `--config` was given: beside the executable, then in the place of program data, then in the only
 * state folder that has one. Fails with `configuration-invalid` when there is none or the choice is not clear.
 */
export async function findConfiguration(files: Files, machine: Machine): Promise<Result<string>> {
  const paths = pathsOf(machine);
  const root = stateRoot(machine);
  const usual = [
    paths.join(paths.dirname(machine.executable), CONFIGURATION_NAME),
    paths.join(root, CONFIGURATION_NAME),
  ];
  for (const path of usual) if (await isFile(files, path)) return succeed(path);
  const names = await files.list(root);
  const below: string[] = [];
  for (const name of names.ok ? names.value : []) {
    const path = paths.join(root, name, CONFIGURATION_NAME);
    if (await isFile(files, path)) below.push(path);
  }
  const [only, another] = below;
  if (only !== undefined && another === undefined) return succeed(only);
  const detail =
    only === undefined
      ? `No ${CONFIGURATION_NAME} in ${usual.join(' or ')}; give one with --config FILE.`
      : `Several servers are set up (${below.join(', ')}); choose one with --config FILE.`;
  return fail(faultOf('configuration-invalid', detail, { path: usual[0] ?? root }));
}

async function isFile(files: Files, path: string): Promise<boolean> {
  const facts = await files.facts(path);
  return facts.ok && (facts.value?.kind === 'file' || facts.value?.kind === 'link');
}
