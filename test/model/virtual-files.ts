import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { type FaultCode, faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files, ReadableFile, WalkedEntry, WritableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { unfinishedName } from '../../platform/unfinished-writes.ts';
import type { FileNode, FolderNode, Node, VirtualDisk } from './virtual-disk.ts';

/** Asked before each call that changes the disk; a code that it gives is how the call fails, and waiting for ever is its end. */
export type BeforeCall = (call: string, path: string) => Promise<FaultCode | undefined>;

/** Asked before each call that reads; a code that it gives is how the call fails. */
export type BeforeRead = (call: string, path: string) => FaultCode | undefined;

export interface VirtualFilesOptions {
  readonly disk: VirtualDisk;
  readonly now: () => number;
  readonly before?: BeforeCall;
  readonly beforeRead?: BeforeRead;
}

/**
 * `Files` over a `VirtualDisk`, call by call as the adapter of the real machine does it: every durable act is several
 * calls, and something can happen before each.
 */
export function createVirtualFiles(options: VirtualFilesOptions): Files {
  const { disk, now } = options;
  const before: BeforeCall = options.before ?? (async () => Promise.resolve(undefined));
  const known = new Set<string>();

  /** One call: may fail as planned, else `act` is its effect. */
  const call = async <Value>(name: string, path: string, act: () => Result<Value>): Promise<Result<Value>> => {
    const code = await before(name, path);
    return code === undefined ? act() : refuse(code, name, path);
  };
  /** One call that reads. */
  const look = async <Value>(name: string, path: string, act: () => Result<Value>): Promise<Result<Value>> => {
    const code = options.beforeRead?.(name, path);
    return Promise.resolve(code === undefined ? act() : refuse(code, name, path));
  };
  const syncFolder = async (path: string): Promise<Result<void>> =>
    call('fsync', path, () => {
      const folder = folderAt(disk, path, 'fsync');
      if (folder.ok) disk.syncFolder(folder.value);
      return folder.ok ? succeed() : folder;
    });
  const write = async (path: string, node: FileNode, bytes: Buffer): Promise<Result<void>> =>
    call('write', path, () => {
      disk.write(node, Buffer.concat([node.content, bytes]), now());
      return succeed();
    });
  const sync = async (path: string, node: FileNode): Promise<Result<void>> =>
    call('fsync', path, () => {
      disk.syncFile(node);
      return succeed();
    });
  const open = async (path: string, mode: number): Promise<Result<FileNode>> => {
    const found = nodeAt(disk, path);
    if (found?.kind === 'file') return succeed(found);
    if (found !== undefined) return refuse('path-refused', 'open', path);
    return call('create', path, () => {
      const folder = folderAt(disk, dirname(path), 'open');
      if (!folder.ok) return folder;
      const node = disk.newFile(mode, now());
      disk.change([{ folder: folder.value, name: basename(path), node }]);
      return succeed(node);
    });
  };
  const unlink = async (path: string): Promise<Result<void>> =>
    call('unlink', path, () => {
      const folder = folderAt(disk, dirname(path), 'unlink');
      if (folder.ok) disk.change([{ folder: folder.value, name: basename(path), node: undefined }]);
      return folder.ok ? succeed() : folder;
    });
  const rename = async (from: string, to: string): Promise<Result<void>> =>
    call('rename', to, () => {
      const [source, target] = [folderAt(disk, dirname(from), 'rename'), folderAt(disk, dirname(to), 'rename')];
      const node = nodeAt(disk, from);
      if (!source.ok || !target.ok || node === undefined) {
        return !source.ok ? source : !target.ok ? target : refuse('not-found', 'rename', from);
      }
      if (nodeAt(disk, to)?.kind === 'folder' && node.kind !== 'folder') return refuse('path-refused', 'rename', to);
      disk.change([
        { folder: source.value, name: basename(from), node: undefined },
        { folder: target.value, name: basename(to), node },
      ]);
      return succeed();
    });

  const makeNewFolder = async (path: string, mode: number): Promise<Result<void>> => {
    if (nodeAt(disk, path) !== undefined) return refuse('already-exists', 'mkdir', path);
    return call('mkdir', path, () => {
      const folder = folderAt(disk, dirname(path), 'mkdir');
      if (!folder.ok) return folder;
      disk.change([{ folder: folder.value, name: basename(path), node: disk.newFolder(mode, now()) }]);
      return succeed();
    });
  };
  const makeFolder = async (path: string, mode: number): Promise<Result<void>> => {
    const found = nodeAt(disk, path);
    if (found !== undefined) return found.kind === 'folder' ? succeed() : refuse('already-exists', 'mkdir', path);
    const parent = await makeFolder(dirname(path), mode);
    const made = parent.ok ? await makeNewFolder(path, mode) : parent;
    return made.ok ? syncFolder(dirname(path)) : made;
  };
  const remove = async (path: string): Promise<Result<void>> => {
    const node = nodeAt(disk, path);
    if (node === undefined) return succeed();
    if (node.kind === 'folder' && node.names.size > 0) return refuse('already-exists', 'rmdir', path);
    return unlink(path);
  };
  const removeTree = async (path: string): Promise<Result<void>> => {
    const node = nodeAt(disk, path);
    for (const name of node?.kind === 'folder' ? sorted(node) : []) {
      const removed = await removeTree(join(path, name));
      if (!removed.ok) return removed;
    }
    return remove(path);
  };
  const readBytes = async (path: string, limit: number): Promise<Result<Buffer>> =>
    look('read', path, () => {
      const node = fileAt(disk, path);
      if (!node.ok) return node;
      if (node.value.content.length > limit) return refuse('too-large', 'read', path);
      return succeed(node.value.content);
    });
  const syncTree = async (path: string): Promise<Result<void>> => {
    const folder = folderAt(disk, path, 'fsync');
    if (!folder.ok) return folder;
    for (const name of sorted(folder.value)) {
      const [node, below] = [folder.value.names.get(name), join(path, name)];
      const synced =
        node?.kind === 'folder' ? await syncTree(below) : node?.kind === 'file' ? await sync(below, node) : succeed();
      if (!synced.ok) return synced;
    }
    return syncFolder(path);
  };
  const walk = async function* (
    folder: string,
    enters: (path: string) => boolean = () => true,
    prefix = '',
  ): AsyncGenerator<Result<WalkedEntry>> {
    const node = await look('readdir', folder, () => folderAt(disk, folder, 'readdir'));
    if (!node.ok) {
      yield node;
      return;
    }
    for (const name of sorted(node.value)) {
      const entry = node.value.names.get(name);
      if (entry === undefined) continue;
      yield await Promise.resolve(succeed({ path: prefix + name, facts: factsOf(entry) }));
      const path = prefix + name;
      if (entry.kind === 'folder' && enters(path)) yield* walk(join(folder, name), enters, `${path}/`);
    }
  };
  const writable = (path: string, node: FileNode): WritableFile => ({
    write: async (bytes) => write(path, node, Buffer.from(bytes)),
    truncate: async (size) =>
      call('truncate', path, () => {
        disk.write(node, node.content.subarray(0, size), now());
        return succeed();
      }),
    sync: async () => sync(path, node),
    close: async () => Promise.resolve(succeed()),
  });

  return {
    facts: async (path) =>
      look('lstat', path, () => {
        const node = nodeAt(disk, path);
        return succeed(node === undefined ? undefined : factsOf(node));
      }),
    readBytes,
    readText: async (path, limit) => {
      const bytes = await readBytes(path, limit);
      return bytes.ok ? succeed(bytes.value.toString('utf8')) : bytes;
    },
    writeDurably: async (path, content, mode = 0o600) => {
      const temporary = unfinishedName(path, disk.uniqueName());
      const opened = await open(temporary, mode);
      if (!opened.ok) return opened;
      const written = await write(path, opened.value, Buffer.from(content));
      const synced = written.ok ? await sync(path, opened.value) : written;
      const renamed = synced.ok ? await rename(temporary, path) : synced;
      if (renamed.ok) return syncFolder(dirname(path));
      await unlink(temporary);
      return renamed;
    },
    appendDurably: async (path, content, mode = 0o600) => {
      const opened = await open(path, mode);
      if (!opened.ok) return opened;
      const { content: earlier } = opened.value;
      const written = await write(path, opened.value, Buffer.from(content));
      const synced = written.ok ? await sync(path, opened.value) : written;
      if (!synced.ok) {
        disk.write(opened.value, earlier, now());
        return synced;
      }
      if (known.has(path)) return succeed();
      const named = await syncFolder(dirname(path));
      if (named.ok) known.add(path);
      return named;
    },
    openWritable: async (path, { mode = 0o600, start }) => {
      const opened = await open(path, mode);
      if (!opened.ok) return opened;
      if (start === 'empty') disk.write(opened.value, Buffer.alloc(0), now());
      return succeed(writable(path, opened.value));
    },
    openReadable: async (path) =>
      look('open', path, () => {
        const node = fileAt(disk, path);
        return node.ok ? succeed(readable(node.value)) : node;
      }),
    makeFolder: async (path, mode = 0o777) => makeFolder(path, mode),
    makeNewFolder: async (path, mode = 0o777) => makeNewFolder(path, mode),
    list: async (path) =>
      look('readdir', path, () => {
        const folder = folderAt(disk, path, 'readdir');
        return folder.ok ? succeed(sorted(folder.value)) : folder;
      }),
    walk,
    tryRename: async () => Promise.resolve(succeed()),
    renameNew: async (from, to) => {
      const [source, target] = [nodeAt(disk, from), nodeAt(disk, to)];
      if (source === undefined) return refuse('not-found', 'rename', from);
      // Both names of one file: an earlier rename was cut between its link and its unlink.
      const half = target === source && source.kind === 'file';
      if (target !== undefined && !half) return refuse('already-exists', 'rename', to);
      const moved = half ? succeed() : source.kind === 'file' ? await link(source, to) : await rename(from, to);
      const gone = moved.ok && source.kind === 'file' ? await unlink(from) : moved;
      const synced = gone.ok ? await syncFolder(dirname(to)) : gone;
      return !synced.ok || dirname(from) === dirname(to) ? synced : syncFolder(dirname(from));
    },
    copyFile: async (from, to) => {
      const source = await look('open', from, () => fileAt(disk, from));
      if (!source.ok) return source;
      if (nodeAt(disk, to) !== undefined) return refuse('already-exists', 'open', to);
      const opened = await open(to, source.value.mode);
      const written = opened.ok ? await write(to, opened.value, source.value.content) : opened;
      if (opened.ok) opened.value.modifiedMs = source.value.modifiedMs;
      return written.ok ? succeed() : written;
    },
    readLink: async (path) =>
      look('readlink', path, () => {
        const node = nodeAt(disk, path);
        return node?.kind === 'link' ? succeed(node.target) : refuse('path-refused', 'readlink', path);
      }),
    makeLink: async (target, path) => {
      if (nodeAt(disk, path) !== undefined) return refuse('already-exists', 'symlink', path);
      return call('symlink', path, () => {
        const folder = folderAt(disk, dirname(path), 'symlink');
        if (folder.ok) disk.change([{ folder: folder.value, name: basename(path), node: disk.newLink(target, now()) }]);
        return folder.ok ? succeed() : folder;
      });
    },
    setMode: async (path, mode) => {
      const node = nodeAt(disk, path);
      if (node === undefined) return Promise.resolve(refuse('not-found', 'chmod', path));
      if (node.kind === 'link') return refuse('path-refused', 'chmod', path);
      node.mode = mode;
      return succeed();
    },
    setOwner: async (path) =>
      Promise.resolve(nodeAt(disk, path) === undefined ? refuse('not-found', 'chown', path) : succeed()),
    setTimes: async (path, modifiedMs) => {
      const node = nodeAt(disk, path);
      if (node === undefined) return Promise.resolve(refuse('not-found', 'utimes', path));
      node.modifiedMs = modifiedMs;
      return succeed();
    },
    remove,
    removeTree,
    syncTree,
    syncFolder,
    space: async () => Promise.resolve(succeed({ device: DEVICE, freeBytes: 1e12, totalBytes: 2e12 })),
    digest: async (path) =>
      look('read', path, () => {
        const node = fileAt(disk, path);
        return node.ok ? succeed(createHash('sha256').update(node.value.content).digest('hex')) : node;
      }),
  };

  async function link(node: FileNode, to: string): Promise<Result<void>> {
    return call('link', to, () => {
      const folder = folderAt(disk, dirname(to), 'rename');
      if (folder.ok) disk.change([{ folder: folder.value, name: basename(to), node }]);
      return folder.ok ? succeed() : folder;
    });
  }
}

const DEVICE = 'virtual';

function refuse(code: FaultCode, operation: string, path: string): Result<never> {
  return fail(faultOf(code, 'the virtual disk refused', { path, operation }));
}

/** The node of a path; undefined when nothing is there or a name on the way is no folder. */
export function nodeAt(disk: VirtualDisk, path: string): Node | undefined {
  let node: Node | undefined = disk.root;
  for (const name of namesOf(path)) node = node?.kind === 'folder' ? node.names.get(name) : undefined;
  return node;
}

/** The same paths are looked up all the time: to split them is a twentieth of a run. */
const known = new Map<string, readonly string[]>();
const KNOWN_LIMIT = 5_000;

function namesOf(path: string): readonly string[] {
  const names = known.get(path);
  if (names !== undefined) return names;
  const split = path.split('/').filter((name) => name !== '' && name !== '.');
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(path, split);
  return split;
}

function fileAt(disk: VirtualDisk, path: string): Result<FileNode> {
  const node = nodeAt(disk, path);
  if (node === undefined) return refuse('not-found', 'open', path);
  return node.kind === 'file' ? succeed(node) : refuse('path-refused', 'open', path);
}

function folderAt(disk: VirtualDisk, path: string, operation: string): Result<FolderNode> {
  const node = nodeAt(disk, path);
  if (node === undefined) return refuse('not-found', operation, path);
  return node.kind === 'folder' ? succeed(node) : refuse('path-refused', operation, path);
}

function sorted(folder: FolderNode): string[] {
  return [...folder.names.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function factsOf(node: Node): FileFacts {
  return {
    kind: node.kind,
    size: node.kind === 'file' ? node.content.length : 0,
    mode: node.kind === 'link' ? 0o777 : node.mode,
    owner: 0,
    group: 0,
    modifiedMs: node.modifiedMs,
    changedMs: node.modifiedMs,
    inode: String(node.inode),
    device: DEVICE,
    links: node.kind === 'file' ? node.links : 1,
  };
}

function readable(node: FileNode): ReadableFile {
  return {
    read: async (buffer, position) =>
      Promise.resolve(succeed(node.content.copy(buffer, 0, position, position + buffer.length))),
    facts: async () => Promise.resolve(succeed(factsOf(node))),
    close: async () => Promise.resolve(),
  };
}
