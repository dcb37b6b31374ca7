import { dirname, relative, sep } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightRun } from './check.ts';

/** The Office Maker folder is there. */
export const checkFolder: PreflightRun = async ({ files }, { folder }) => {
  const facts = await files.facts(folder);
  if (!facts.ok) return facts;
  if (facts.value === undefined) {
    return fail(faultOf('folder-missing', 'the Office Maker folder does not exist', { path: folder }));
  }
  // The folder itself may be reached through a link; what is swapped lies in it.
  if (facts.value.kind === 'file' || facts.value.kind === 'other') {
    return fail(faultOf('folder-missing', 'there is no folder of this name', { path: folder }));
  }
  return succeed(`${folder} is there`);
};

/** The bundle is a real folder inside of the Office Maker folder: a link or a mount point cannot be swapped by a rename. */
export const checkBundle: PreflightRun = async ({ files }, { folder, bundle }) => {
  const way = relative(folder, bundle);
  if (way === '' || way === '..' || way.startsWith(`..${sep}`)) {
    return fail(faultOf('path-refused', 'the bundle does not lie in the Office Maker folder', { path: bundle }));
  }
  const facts = await files.facts(bundle);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return fail(faultOf('bundle-missing', 'there is no bundle', { path: bundle }));
  switch (facts.value.kind) {
    case 'folder':
      return succeed(`${bundle} is there`);
    case 'link':
      return fail(faultOf('path-refused', 'the bundle is a link; configure the folder it leads to', { path: bundle }));
    case 'file':
    case 'other':
      return fail(faultOf('bundle-missing', 'the bundle is not a folder', { path: bundle }));
  }
};

/** The path itself or the nearest one above it that exists: probes go there, so that preflight leaves nothing behind. */
export async function nearestExisting(files: Files, path: string): Promise<Result<string>> {
  const facts = await files.facts(path);
  if (!facts.ok) return facts;
  if (facts.value !== undefined || dirname(path) === path) return succeed(path);
  return nearestExisting(files, dirname(path));
}

/** Where a probe for the staging folder goes. `folder-missing` when even the place of the bundle is not there. */
export async function probingPlace(
  files: Files,
  { bundle, staging }: { readonly bundle: string; readonly staging: string },
): Promise<Result<string>> {
  const parent = await files.facts(dirname(bundle));
  if (!parent.ok) return parent;
  if (parent.value === undefined) {
    return fail(faultOf('folder-missing', 'the folder of the bundle does not exist', { path: dirname(bundle) }));
  }
  return nearestExisting(files, staging);
}
