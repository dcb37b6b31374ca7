import { constants } from 'node:fs';
import { chmod, lchown, lstat, lutimes, mkdir, readlink, symlink } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Files } from '../files.ts';
import { succeed } from '../result.ts';
import { createDurableAppend, syncFolder, writeDurably } from './durable-files.ts';
import { attempt } from './errno.ts';
import type { Actor } from './errno.ts';
import { copyOne, digest, makeFolder, openWritable, readBytes, setMode, space } from './file-acts.ts';
import { factsOf, openRegular, readableFile, undefinedWhenAbsent } from './file-handles.ts';
import { createRenameNew, tryRename } from './rename-new.ts';
import { removeEntry, removeTree, sortedNames, syncTree, walkTree } from './trees.ts';

/**
 * The disk through node:fs, on every operating system; `actor` says what errno means here and who is named in faults,
 * `syncVolume` writes a whole volume out where that can be done.
 */
export function createFiles(
  actor: Actor,
  clock: Clock,
  syncVolume: (folder: string) => Promise<boolean> = () => Promise.resolve(false),
): Files {
  return {
    facts: async (path) => {
      const stats = await attempt(actor, 'lstat', path, () => lstat(path, { bigint: true }).catch(undefinedWhenAbsent));
      return stats.ok ? succeed(stats.value && factsOf(stats.value)) : stats;
    },
    readBytes: (path, limit) => readBytes(actor, path, limit),
    readText: async (path, limit) => {
      const bytes = await readBytes(actor, path, limit);
      return bytes.ok ? succeed(bytes.value.toString('utf8')) : bytes;
    },
    writeDurably: (path, content, mode) => writeDurably(actor, clock, path, content, mode),
    appendDurably: createDurableAppend(actor),
    openWritable: (path, options) => openWritable(actor, path, options),
    openReadable: async (path) => {
      const opened = await openRegular(actor, path, constants.O_RDONLY);
      return opened.ok ? succeed(readableFile(actor, path, opened.value)) : opened;
    },
    makeFolder: (path, mode) => makeFolder(actor, path, mode),
    makeNewFolder: (path, mode = 0o777) =>
      attempt(actor, 'mkdir', path, async () => {
        await mkdir(path, { mode });
        if (mode !== 0o777) await chmod(path, mode);
      }),
    list: (path) => attempt(actor, 'readdir', path, () => sortedNames(path)),
    walk: (folder, enters) => walkTree(actor, folder, enters),
    renameNew: createRenameNew(actor, clock),
    tryRename: (folder, blocker) => tryRename(actor, folder, blocker),
    copyFile: (from, to) => copyOne(actor, from, to),
    readLink: (path) => attempt(actor, 'readlink', path, () => readlink(path)),
    makeLink: (target, path) => attempt(actor, 'symlink', path, () => symlink(target, path)),
    setMode: (path, mode) => setMode(actor, path, mode),
    setOwner: (path, owner, group) => attempt(actor, 'chown', path, () => lchown(path, owner, group)),
    setTimes: (path, modifiedMs) =>
      attempt(actor, 'utimes', path, () => lutimes(path, modifiedMs / 1000, modifiedMs / 1000)),
    remove: (path) => removeEntry(actor, clock, path),
    removeTree: (path) => removeTree(actor, clock, path),
    syncTree: (path) => syncTree(actor, path, syncVolume),
    syncFolder: (path) => syncFolder(actor, path),
    space: (path) => space(actor, path),
    digest: (path) => digest(actor, path),
  };
}
