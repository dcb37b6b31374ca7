import type { Clock } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { DataSafety } from '../update/tools.ts';
import { backUpData } from './backup.ts';
import { backupFolder, readBackupRecord } from './record.ts';
import { abandonRestore, restoreData } from './restore.ts';
import { discardBackup, expireRestored, mendBackupList, wasRestored } from './retention.ts';

export interface DataSafetyOptions {
  /** Data files and folders outside the bundle; none = there is nothing to save. */
  readonly paths: readonly string[];
  readonly folder: string;
  readonly keep: number;
}

/** Backup and restore of this server's data, as the update's steps use them. */
export function createDataSafety(
  dependencies: { readonly files: Files; readonly clock: Clock; readonly log: Log },
  options: DataSafetyOptions,
): DataSafety {
  const { files } = dependencies;
  const backUp = async (id: string, pass: 'provisional' | 'final'): Promise<Result<void>> => {
    if (options.paths.length === 0) {
      return succeed();
    }
    const saved = await backUpData(dependencies, { ...options, id, pass });
    return saved.ok ? succeed() : saved;
  };
  return {
    prepare: async (id) => backUp(id, 'provisional'),
    save: async (id) => backUp(id, 'final'),
    async restore(id, restoreId) {
      const restored = await restoreData(dependencies, {
        backup: { folder: backupFolder(options.folder, id) },
        id: restoreId,
      });
      return restored.ok ? succeed() : restored;
    },
    abandonRestore: async (id, restoreId) => abandonRestore(files, backupFolder(options.folder, id), restoreId),
    async exists(id) {
      const record = await readBackupRecord(files, backupFolder(options.folder, id));
      if (record.ok) {
        return succeed(record.value?.state === 'final');
      }
      // Damaged is as good as none; a disk that does not answer says nothing of what is on it.
      return record.fault.code === 'record-corrupt' || record.fault.code === 'newer-schema' ? succeed(false) : record;
    },
    async discard(id) {
      const mended = await mendBackupList(dependencies, options.folder);
      if (!mended.ok) return mended;
      const restored = await wasRestored(files, backupFolder(options.folder, id));
      if (!restored.ok || restored.value) {
        // Its record is all that knows of the data that was set aside; both go together, when their time is over.
        return restored.ok ? succeed() : restored;
      }
      const discarded = await discardBackup(files, options.folder, id);
      return discarded.ok || discarded.fault.code !== 'not-found' ? discarded : succeed();
    },
    async expire(before) {
      const mended = await mendBackupList(dependencies, options.folder);
      return mended.ok ? expireRestored(dependencies, options.folder, before) : mended;
    },
  };
}
