import { watch } from 'chokidar';
import type { FolderEvent, FolderWatches } from '../folder-watch.ts';
import type { Log } from '../log.ts';

/** A copy that pauses longer than this looks finished; whoever reads it checks signatures anyway. */
const QUIET_MS = 1_000;
const LOOK_EACH_MS = 200;

const KIND_OF_EVENT: Readonly<Partial<Record<string, FolderEvent['kind']>>> = {
  add: 'added',
  change: 'changed',
  unlink: 'removed',
};

export function createFolderWatches(log: Log, quietMs = QUIET_MS): FolderWatches {
  return {
    watch: (folder, changed) => {
      const watcher = watch(folder, {
        depth: 0,
        followSymlinks: false,
        awaitWriteFinish: { stabilityThreshold: quietMs, pollInterval: Math.min(LOOK_EACH_MS, quietMs) },
      });
      watcher.on('all', (event, path) => {
        const kind = KIND_OF_EVENT[event];
        if (kind !== undefined) changed({ kind, path });
      });
      watcher.on('error', (error) => {
        log.warn('A folder cannot be watched', { folder, error: String(error) });
      });
      return { close: () => watcher.close() };
    },
  };
}
