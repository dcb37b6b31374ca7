import { dirname } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies, PreflightRun } from './check.ts';
import {
  isNetworkType,
  isSharePath,
  type Mount,
  mountOf,
  parseMacosMounts,
  parseMountInfo,
  withoutLinks,
} from './mounts.ts';

const MOUNTS_LIMIT_BYTES = 4 * 1024 * 1024;
const MOUNT_TIMEOUT_MS = 10_000;

/** The bundle lies on a local, writable volume and is not a mount point itself. */
export const checkVolume: PreflightRun = async (dependencies, { bundle }) => {
  if (isSharePath(bundle)) return fail(faultOf('volume-refused', 'a network share', { path: bundle }));
  const mounts = await readMounts(dependencies);
  if (!mounts.ok) return mounts;
  const place = await withoutLinks(dependencies.files, bundle);
  if (!place.ok) return place;
  if (mounts.value.some(({ point }) => point === place.value) || (await isOwnVolume(dependencies, bundle))) {
    const detail = 'a mount point; it cannot be renamed: mount the folder above it instead';
    return fail(faultOf('volume-refused', detail, { path: bundle }));
  }
  const mount = mountOf(mounts.value, place.value);
  if (mount === undefined) return succeed('a local volume');
  const values = { type: mount.type, volume: mount.point };
  if (isNetworkType(mount.type)) {
    return fail(faultOf('volume-refused', `a network share (${mount.type})`, { path: bundle, values }));
  }
  if (mount.readOnly) return fail(faultOf('read-only', 'the volume is mounted read-only', { path: bundle, values }));
  return succeed(`a local volume (${mount.type} at ${mount.point})`);
};

/** The mount on which the path lies, where the system tells. */
export async function mountAbove(dependencies: PreflightDependencies, path: string): Promise<Mount | undefined> {
  const mounts = await readMounts(dependencies);
  const place = await withoutLinks(dependencies.files, path);
  return mounts.ok && place.ok ? mountOf(mounts.value, place.value) : undefined;
}

async function readMounts({ files, processes, machine }: PreflightDependencies): Promise<Result<readonly Mount[]>> {
  switch (machine.operatingSystem) {
    case 'linux': {
      const text = await files.readText('/proc/self/mountinfo', MOUNTS_LIMIT_BYTES);
      return text.ok ? succeed(parseMountInfo(text.value)) : text;
    }
    case 'macos': {
      const listed = await processes.run({ command: '/sbin/mount', args: [], timeoutMs: MOUNT_TIMEOUT_MS });
      return listed.ok ? succeed(parseMacosMounts(listed.value.output)) : listed;
    }
    case 'windows':
      return succeed([]);
  }
}

/** A volume of its own shows by its device number, also where no list of mounts can be had. */
async function isOwnVolume({ files }: PreflightDependencies, bundle: string): Promise<boolean> {
  const [own, parent] = [await files.space(bundle), await files.space(dirname(bundle))];
  return own.ok && parent.ok && own.value.device !== parent.value.device;
}
