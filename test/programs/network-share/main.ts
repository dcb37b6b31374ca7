import { spawnSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { constants } from 'node:os';
import {
  attributes,
  BYTES,
  type DirectoryEntry,
  directoryEntries,
  OPCODE,
  type Request,
  requestIn,
} from './protocol.ts';

/**
 * Shows a folder at another place as a share of another machine: a real FUSE file system of the type `fuse.sshfs`, read-only.
 *
 *   node test/programs/network-share/main.ts FOLDER MOUNT-POINT
 *
 * Says `mounted`, and ends when it is unmounted. A program of its own: who reads its own share waits for itself.
 */
const [folder = '', mountPoint = ''] = process.argv.slice(2);
const REQUEST_LIMIT = 1_048_576;
const VALID_SECONDS = 1n;

const device = openSync('/dev/fuse', 'r+');
mount();
/** Paths by node number; the root is 1 (FUSE_ROOT_ID). */
const paths = ['', folder];
const numbers = new Map([[folder, 1]]);
const opened = new Map<bigint, number>();
process.stdout.write('mounted\n');
serve();

function mount(): void {
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions';
  const args = ['-i', '-t', 'fuse.sshfs', '-o', options, 'files.example.ch:/office', mountPoint];
  const { status } = spawnSync('mount', args, { stdio: ['ignore', 'inherit', 'inherit', device], timeout: 10_000 });
  if (status !== 0) process.exit(1);
}

/** fuse(4): one request a read, one answer a write; ENODEV once it is unmounted. */
function serve(): void {
  const buffer = Buffer.alloc(REQUEST_LIMIT);
  for (;;) {
    let length = 0;
    try {
      length = readSync(device, buffer);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENODEV') return;
      if (code === 'EINTR' || code === 'ENOENT') continue;
      throw error;
    }
    answer(requestIn(buffer.subarray(0, length)));
  }
}

function answer(request: Request): void {
  if (request.opcode === OPCODE.forget || request.opcode === OPCODE.batchForget) return;
  let error = 0;
  let body: Buffer = Buffer.alloc(0);
  try {
    body = bodyFor(request) ?? body;
  } catch (thrown) {
    error = (thrown as NodeJS.ErrnoException).errno ?? -constants.errno.EIO;
  }
  const head = Buffer.alloc(16);
  head.writeUInt32LE(head.length + body.length, 0);
  head.writeInt32LE(error, 4);
  head.writeBigUInt64LE(request.unique, 8);
  writeSync(device, Buffer.concat([head, body]));
}

/** Undefined: done, with nothing to say. Throws what has an `errno`. */
function bodyFor({ opcode, node, payload }: Request): Buffer | undefined {
  const path = paths[node] ?? '';
  switch (opcode) {
    case OPCODE.init:
      return BYTES.init();
    case OPCODE.lookUp: {
      const child = join(path, payload.toString('utf8', 0, payload.indexOf(0)));
      const facts = lstatSync(child);
      return BYTES.entry(BigInt(numberOf(child)), VALID_SECONDS, attributes(numberOf(child), facts));
    }
    case OPCODE.getAttributes:
      return BYTES.attributesOf(VALID_SECONDS, attributes(node, lstatSync(path)));
    case OPCODE.readLink:
      return Buffer.from(readlinkSync(path));
    case OPCODE.openFolder:
      return BYTES.opened(BigInt(node));
    case OPCODE.readFolder:
      return directoryEntries(entriesOf(path), Number(payload.readBigUInt64LE(8)), payload.readUInt32LE(16));
    case OPCODE.open: {
      const descriptor = openSync(path, 'r');
      opened.set(BigInt(descriptor), descriptor);
      return BYTES.opened(BigInt(descriptor));
    }
    case OPCODE.read: {
      const piece = Buffer.alloc(payload.readUInt32LE(16));
      const length = readSync(
        opened.get(payload.readBigUInt64LE(0)) ?? -1,
        piece,
        0,
        piece.length,
        Number(payload.readBigUInt64LE(8)),
      );
      return piece.subarray(0, length);
    }
    case OPCODE.release:
      closeSync(opened.get(payload.readBigUInt64LE(0)) ?? -1);
      return undefined;
    case OPCODE.releaseFolder:
      return undefined;
    case OPCODE.fileSystem:
      return BYTES.fileSystem(statfsSync(folder));
    default:
      // The kernel then does without (flush, access, extended attributes), or tells the caller.
      throw Object.assign(new Error(`not known: ${opcode}`), { errno: -constants.errno.ENOSYS });
  }
}

function numberOf(path: string): number {
  const known = numbers.get(path);
  if (known !== undefined) return known;
  numbers.set(path, paths.push(path) - 1);
  return paths.length - 1;
}

function entriesOf(path: string): readonly DirectoryEntry[] {
  return readdirSync(path).map((name) => {
    const facts: Stats = lstatSync(join(path, name));
    return { name, node: numberOf(join(path, name)), mode: facts.mode };
  });
}
