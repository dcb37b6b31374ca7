import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files, VolumeSpace } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import type { PreflightRun, SpaceDemand } from './check.ts';
import { nearestExisting } from './places.ts';

/** Left free beyond the demands, so that logs, mail and the server itself go on. */
export const SPACE_RESERVE_BYTES = 64 * 1024 * 1024;
export const INODE_RESERVE = 1_000;

/** What an update needs: the pack, the unpacked bundle and, where data is backed up, its copy. */
export function spaceDemands(
  release: Pick<Release, 'pack' | 'unpackedBytes' | 'files'>,
  staging: string,
  data?: { readonly folder: string; readonly bytes: number },
): readonly SpaceDemand[] {
  return [
    { purpose: 'the downloaded release', path: staging, bytes: release.pack.length, files: 1 },
    { purpose: 'the unpacked release', path: staging, bytes: release.unpackedBytes, files: release.files },
    ...(data === undefined ? [] : [{ purpose: 'the data backup', path: data.folder, bytes: data.bytes }]),
  ];
}

/** Enough bytes and files on each volume for all that will lie on it at once. */
export const checkSpace: PreflightRun = async ({ files }, { space }) => {
  const volumes = new Map<string, { readonly volume: VolumeSpace; readonly demands: SpaceDemand[] }>();
  for (const demand of space) {
    const volume = await volumeOf(files, demand.path);
    if (!volume.ok) return volume;
    const known = volumes.get(volume.value.device) ?? { volume: volume.value, demands: [] };
    known.demands.push(demand);
    volumes.set(volume.value.device, known);
  }
  const details: string[] = [];
  for (const { volume, demands } of volumes.values()) {
    const short = shortage(volume, demands);
    if (short !== undefined) return fail(short);
    const bytes = demands.reduce((sum, demand) => sum + demand.bytes, 0);
    details.push(`${demands[0]?.path ?? ''}: ${formatBytes(bytes)} of ${formatBytes(volume.freeBytes)} free needed`);
  }
  return succeed(details.join('; ') || 'nothing needed');
};

/** The volume on which a path will lie: that of the nearest folder that exists. */
async function volumeOf(files: Files, path: string): Promise<Result<VolumeSpace>> {
  const existing = await nearestExisting(files, path);
  return existing.ok ? files.space(existing.value) : existing;
}

function shortage(volume: VolumeSpace, demands: readonly SpaceDemand[]): Fault | undefined {
  const path = demands[0]?.path ?? '';
  const bytes = demands.reduce((sum, demand) => sum + demand.bytes, 0) + SPACE_RESERVE_BYTES;
  const inodes = demands.reduce((sum, demand) => sum + (demand.files ?? 0), 0) + INODE_RESERVE;
  const purposes = demands.map(({ purpose }) => purpose).join(', ');
  if (volume.freeBytes < bytes) {
    const values = { needed: formatBytes(bytes), free: formatBytes(volume.freeBytes), purposes };
    return faultOf('space-short', `${values.needed} are needed (${purposes}), ${values.free} are free`, {
      path,
      values,
    });
  }
  if (volume.freeInodes !== undefined && volume.freeInodes < inodes) {
    const values = { needed: `${inodes} files`, free: `${volume.freeInodes} files`, purposes };
    return faultOf('space-short', `room for ${inodes} more files is needed, for ${volume.freeInodes} it is left`, {
      path,
      values,
    });
  }
  return undefined;
}

/** Decimal units, one digit: `2.1 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
