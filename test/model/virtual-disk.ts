import type { Draws } from './random.ts';

export interface FileNode {
  readonly kind: 'file';
  readonly inode: number;
  mode: number;
  modifiedMs: number;
  links: number;
  /** What every reader sees. Never changed in place. */
  content: Buffer;
  /** What a power cut cannot take; undefined before the first fsync. */
  synced: Buffer | undefined;
  /** When it was last written, in the disk's own time. */
  writtenAt: number;
}

export interface LinkNode {
  readonly kind: 'link';
  readonly inode: number;
  readonly target: string;
  modifiedMs: number;
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly inode: number;
  mode: number;
  modifiedMs: number;
  names: Map<string, Node>;
  syncedNames: Map<string, Node>;
}

export type Node = FileNode | LinkNode | FolderNode;

/** One name set or removed; a rename is two of them that reach the disk together or not at all. */
interface Edit {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: Node | undefined;
}

interface Operation {
  readonly at: number;
  readonly edits: readonly Edit[];
}

/** The kernel writes what is this old by itself (dirty_expire_centisecs, and the commit interval of the journal). */
const WRITTEN_BACK_MS = 35_000;

/**
 * A disk with a page cache: what was not forced to disk may be lost, torn, or reach it in another order.
 *
 * Names reach the disk as a journalling file system brings them: changes of one folder in their order, a rename as a whole,
 * changes of folders that have nothing to do with each other in any order (fsync(2), and the journals of ext4 and XFS).
 */
export class VirtualDisk {
  readonly root: FolderNode;
  private inodes = 100;
  private pending: Operation[] = [];
  private readonly now: () => number;
  /** False for a disk whose fsync says yes and does nothing: the control that must fail. */
  private readonly honest: boolean;

  constructor(options: { readonly honest?: boolean; readonly now?: () => number } = {}) {
    this.honest = options.honest ?? true;
    this.now = options.now ?? (() => 0);
    this.root = this.newFolder(0o755, 0);
  }

  /** Part of a temporary name that nobody has had before, as the random one of the real machine. */
  uniqueName(): string {
    return (this.inodes += 1).toString(16).padStart(12, '0');
  }

  newFile(mode: number, at: number): FileNode {
    const inode = (this.inodes += 1);
    return {
      kind: 'file',
      inode,
      mode,
      modifiedMs: at,
      links: 0,
      content: Buffer.alloc(0),
      synced: undefined,
      writtenAt: this.now(),
    };
  }

  newFolder(mode: number, at: number): FolderNode {
    const inode = (this.inodes += 1);
    return { kind: 'folder', inode, mode, modifiedMs: at, names: new Map(), syncedNames: new Map() };
  }

  newLink(target: string, at: number): LinkNode {
    return { kind: 'link', inode: (this.inodes += 1), target, modifiedMs: at };
  }

  write(file: FileNode, content: Buffer, at: number): void {
    this.writeBack(file);
    file.content = content;
    file.modifiedMs = at;
    file.writtenAt = this.now();
  }

  change(edits: readonly Edit[]): void {
    for (const { folder, name, node } of edits) {
      const before = folder.names.get(name);
      if (before?.kind === 'file') before.links -= 1;
      if (node?.kind === 'file') node.links += 1;
      if (node === undefined) folder.names.delete(name);
      else folder.names.set(name, node);
    }
    this.pending.push({ at: this.now(), edits });
  }

  syncFile(file: FileNode): void {
    if (this.honest) file.synced = file.content;
  }

  private writeBack(file: FileNode): void {
    if (this.now() - file.writtenAt > WRITTEN_BACK_MS) file.synced = file.content;
  }

  /** Brings every change of this folder's names to the disk, and those that came before them in other folders they touch. */
  syncFolder(folder: FolderNode): void {
    if (!this.honest) return;
    const wanted = new Set([folder]);
    const [kept, due]: [Operation[], Operation[]] = [[], []];
    for (const operation of this.pending.toReversed()) {
      const touched = operation.edits.some((edit) => wanted.has(edit.folder));
      (touched ? due : kept).push(operation);
      if (touched) operation.edits.forEach((edit) => wanted.add(edit.folder));
    }
    due.toReversed().forEach(settle);
    this.pending = kept.reverse();
  }

  /** Everything reaches the disk, as it does while nothing happens. */
  flush(): void {
    this.pending.forEach(settle);
    this.pending = [];
    visit(this.root, (node) => {
      if (node.kind === 'file') node.synced = node.content;
    });
  }

  /** What was not on disk is lost, or there, or half of it. */
  cutPower(draws: Draws): void {
    const lost = new Set<FolderNode>();
    for (const operation of this.pending) {
      const { at, edits } = operation;
      const old = this.now() - at > WRITTEN_BACK_MS;
      if (edits.some(({ folder }) => lost.has(folder)) || (!old && draws.chance(0.5))) {
        edits.forEach(({ folder }) => lost.add(folder));
      } else {
        settle(operation);
      }
    }
    this.pending = [];
    const seen = new Set<FileNode>();
    visitSynced(this.root, (node) => {
      if (node.kind === 'folder') node.names = new Map(node.syncedNames);
      if (node.kind !== 'file') return;
      node.links = seen.has(node) ? node.links + 1 : 1;
      this.writeBack(node);
      if (!seen.has(node) && node.content !== node.synced) node.content = tear(node, draws);
      node.synced = node.content;
      seen.add(node);
    });
  }
}

function settle({ edits }: Operation): void {
  for (const { folder, name, node } of edits) {
    if (node === undefined) folder.syncedNames.delete(name);
    else folder.syncedNames.set(name, node);
  }
}

/** Old, new, the beginning of the new, or its length with zeros in it, as delayed allocation leaves it. */
function tear({ content, synced = Buffer.alloc(0) }: FileNode, draws: Draws): Buffer {
  // What was appended to does not lose what was on disk before.
  const kept = content.subarray(0, synced.length).equals(synced) ? synced.length : 0;
  const cut = draws.whole(kept, content.length);
  switch (draws.whole(0, 3)) {
    case 0:
      return synced;
    case 1:
      return content;
    case 2:
      return content.subarray(0, cut);
    default:
      return Buffer.concat([content.subarray(0, cut), Buffer.alloc(content.length - cut)]);
  }
}

function visit(folder: FolderNode, act: (node: Node) => void): void {
  act(folder);
  for (const node of folder.names.values()) {
    if (node.kind === 'folder') visit(node, act);
    else act(node);
  }
}

function visitSynced(folder: FolderNode, act: (node: Node) => void): void {
  act(folder);
  for (const node of folder.syncedNames.values()) {
    if (node.kind === 'folder') visitSynced(node, act);
    else act(node);
  }
}
