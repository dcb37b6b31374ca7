import type { StatsFs, Stats } from 'node:fs';

/** The kernel's side of FUSE, as far as a read-only share needs it: include/uapi/linux/fuse.h of Linux, version 7.31. */
export const OPCODE = {
  lookUp: 1,
  forget: 2,
  getAttributes: 3,
  readLink: 5,
  open: 14,
  read: 15,
  fileSystem: 17,
  release: 18,
  init: 26,
  openFolder: 27,
  readFolder: 28,
  releaseFolder: 29,
  batchForget: 42,
} as const;

export interface Request {
  readonly opcode: number;
  readonly unique: bigint;
  readonly node: number;
  readonly payload: Buffer;
}

const HEAD_BYTES = 40;
const [MAJOR, MINOR] = [7, 31];
const LARGEST_WRITE = 131_072;

/** struct fuse_in_header, and what follows it. */
export function requestIn(bytes: Buffer): Request {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    node: Number(bytes.readBigUInt64LE(16)),
    payload: bytes.subarray(HEAD_BYTES),
  };
}

/** struct fuse_attr. */
export function attributes(node: number, facts: Stats): Buffer {
  const seconds = [facts.atimeMs, facts.mtimeMs, facts.ctimeMs].map((ms) => BigInt(Math.floor(ms / 1_000)));
  return Buffer.concat([
    longs([BigInt(node), BigInt(facts.size), BigInt(facts.blocks), ...seconds]),
    words([0, 0, 0, facts.mode, facts.nlink, facts.uid, facts.gid, 0, facts.blksize, 0]),
  ]);
}

export const BYTES = {
  /** struct fuse_init_out. */
  init: () => Buffer.concat([words([MAJOR, MINOR, LARGEST_WRITE, 0, 0, LARGEST_WRITE, 1]), Buffer.alloc(36)]),
  /** struct fuse_entry_out. */
  entry: (node: bigint, valid: bigint, attribute: Buffer) =>
    Buffer.concat([longs([node, 0n, valid, valid]), words([0, 0]), attribute]),
  /** struct fuse_attr_out. */
  attributesOf: (valid: bigint, attribute: Buffer) => Buffer.concat([longs([valid]), words([0, 0]), attribute]),
  /** struct fuse_open_out. */
  opened: (handle: bigint) => Buffer.concat([longs([handle]), words([0, 0])]),
  /** struct fuse_statfs_out. */
  fileSystem: ({ blocks, bfree, bavail, files, ffree, bsize }: StatsFs) =>
    Buffer.concat([
      longs([blocks, bfree, bavail, files, ffree].map(BigInt)),
      words([bsize, 255, bsize, 0]),
      words([0, 0, 0, 0, 0, 0]),
    ]),
};

export interface DirectoryEntry {
  readonly name: string;
  readonly node: number;
  readonly mode: number;
}

/** struct fuse_dirent, one after the other from `offset` on, as many as fit in `limit` bytes. */
export function directoryEntries(entries: readonly DirectoryEntry[], offset: number, limit: number): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const [index, { name, node, mode }] of entries.entries()) {
    if (index < offset) continue;
    const text = Buffer.from(name);
    const padding = Buffer.alloc((8 - (text.length % 8)) % 8);
    const piece = Buffer.concat([
      longs([BigInt(node), BigInt(index + 1)]),
      words([text.length, mode >> 12]),
      text,
      padding,
    ]);
    if (length + piece.length > limit) break;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.concat(pieces);
}

function longs(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, index * 8));
  return bytes;
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value >>> 0, index * 4));
  return bytes;
}
