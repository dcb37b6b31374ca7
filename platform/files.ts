import type { Result } from './result.ts';

export type EntryKind = 'file' | 'folder' | 'link' | 'other';

/** What `lstat` says about one entry. */
export interface FileFacts {
  readonly kind: EntryKind;
  /** Bytes. */
  readonly size: number;
  /** Permission bits only (0o7777). */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly inode: string;
  readonly device: string;
  readonly links: number;
}

/** One entry met by `walk`: `path` is relative to the walked folder, with `/` between names. */
export interface WalkedEntry {
  readonly path: string;
  readonly facts: FileFacts;
}

export interface VolumeSpace {
  readonly device: string;
  /** Bytes this account may still use. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Undefined where the file system has no fixed number. */
  readonly freeInodes?: number;
}

export interface ReadableFile {
  /** Reads up to `buffer.length` bytes at `position`; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<Result<number>>;
  facts(): Promise<Result<FileFacts>>;
  close(): Promise<void>;
}

export interface WritableFile {
  write(bytes: Uint8Array): Promise<Result<void>>;
  /** Cuts the file to `size` bytes and continues there. */
  truncate(size: number): Promise<Result<void>>;
  /** fsync: returns once the content is on disk. */
  sync(): Promise<Result<void>>;
  close(): Promise<Result<void>>;
}

/**
 * The disk. Paths are absolute. Nothing follows a symbolic link at the last name unless it says so.
 *
 * Every failure is a fault with path and operation. Renames and removals retry on Windows' transient locks.
 */
export interface Files {
  /** lstat; `undefined` when nothing is there. */
  facts(path: string): Promise<Result<FileFacts | undefined>>;
  /** Refuses (`too-large`) beyond `limit` bytes before reading. `not-found` when absent. */
  readBytes(path: string, limit: number): Promise<Result<Buffer>>;
  readText(path: string, limit: number): Promise<Result<string>>;
  /** Replaces `path` so that after any power cut it is whole, old or new: temporary file, fsync, rename, fsync of the folder. */
  writeDurably(path: string, content: Uint8Array | string, mode?: number): Promise<Result<void>>;
  /** Appends and returns only when the bytes are on disk (fsync; the first time also of the folder). */
  appendDurably(path: string, content: Uint8Array | string, mode?: number): Promise<Result<void>>;
  /** Creates or opens for writing at the end; `start: 'empty'` truncates first. Never through a link. */
  openWritable(
    path: string,
    options: { readonly mode?: number; readonly start: 'empty' | 'end' },
  ): Promise<Result<WritableFile>>;
  openReadable(path: string): Promise<Result<ReadableFile>>;
  /** mkdir -p; sets `mode` on those it creates. */
  makeFolder(path: string, mode?: number): Promise<Result<void>>;
  /** Creates exactly this folder; `already-exists` if something is there. */
  makeNewFolder(path: string, mode?: number): Promise<Result<void>>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<Result<readonly string[]>>;
  /**
   * Everything below `folder`, parents first, sorted by name; links are not followed. Of a folder for whose path (relative to the
   * walked one) `enters` says no, only itself.
   */
  walk(folder: string, enters?: (path: string) => boolean): AsyncIterable<Result<WalkedEntry>>;
  /** Same volume only (`cross-volume` otherwise); refuses (`already-exists`) when the target is there, and syncs both parents. */
  renameNew(from: string, to: string): Promise<Result<void>>;
  /**
   * Would the system rename this folder? It is tried onto `blocker`, a folder beside it that is not empty: every system refuses that,
   * but what lies in a lower layer of an overlay is refused earlier and otherwise (`cross-volume`). Nothing moves.
   */
  tryRename(folder: string, blocker: string): Promise<Result<void>>;
  /** Bytes and mode (and owner where allowed); clones where the file system can. The target must not exist. */
  copyFile(from: string, to: string): Promise<Result<void>>;
  readLink(path: string): Promise<Result<string>>;
  makeLink(target: string, path: string): Promise<Result<void>>;
  setMode(path: string, mode: number): Promise<Result<void>>;
  setOwner(path: string, owner: number, group: number): Promise<Result<void>>;
  setTimes(path: string, modifiedMs: number): Promise<Result<void>>;
  /** One file, link or empty folder; fine when absent. */
  remove(path: string): Promise<Result<void>>;
  /** A whole tree, never through links; fine when absent. */
  removeTree(path: string): Promise<Result<void>>;
  /** fsync of every file and folder of the tree (syncfs where that is the same). */
  syncTree(path: string): Promise<Result<void>>;
  syncFolder(path: string): Promise<Result<void>>;
  space(path: string): Promise<Result<VolumeSpace>>;
  /** SHA-256 of a file's content, lower-case hex. */
  digest(path: string): Promise<Result<string>>;
}
