import { dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies, PreflightSubject } from './check.ts';
import { PROBE_ENTRY, probeName, removeProbe } from './probe-folder.ts';
import { mountAbove } from './volume.ts';

/**
 * A bundle that came with a container's image lies in a lower layer of an overlay, and such a folder cannot be renamed
 * (EXDEV, Documentation/filesystems/overlayfs.rst, "Non-standard behavior"), which no probe of our own can show.
 */
export async function checkLayer(
  dependencies: PreflightDependencies,
  { bundle }: Pick<PreflightSubject, 'bundle'>,
): Promise<Result<void>> {
  if ((await mountAbove(dependencies, bundle))?.type !== 'overlay') return succeed();
  const probe = join(dirname(bundle), probeName(bundle));
  const tried = await tryRename(dependencies.files, bundle, probe);
  await removeProbe(dependencies.files, probe);
  if (tried.ok || tried.fault.code !== 'cross-volume') return tried;
  const detail = 'the bundle lies in a layer of an image and cannot be renamed: put its folder on a volume of its own';
  return fail(faultOf('volume-refused', detail, { path: bundle, operation: 'rename', cause: tried.fault }));
}

async function tryRename(files: Files, bundle: string, probe: string): Promise<Result<void>> {
  const made = await files.makeNewFolder(probe, 0o700);
  const filled = made.ok ? await files.writeDurably(join(probe, PROBE_ENTRY), 'om-launcher\n', 0o600) : made;
  return filled.ok ? files.tryRename(bundle, probe) : filled;
}
