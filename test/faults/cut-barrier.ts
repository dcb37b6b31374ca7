import fs, { readFileSync, readlinkSync, readSync, writeSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { CutList } from './cut-list.ts';

/**
 * Loaded in front of the real launcher (`node --require`) in runs that are cut at many of their calls: in front of each planned call
 * everything stands still until the disk has been kept as it is, so that one run serves for many cuts. Each of these functions makes
 * one system call; what makes several (copyFile) is not stopped here.
 */

/** The line to whoever keeps the disk: a key on it, and a byte back. */
const LINE = 3;
const { root, wanted, syncs } = JSON.parse(readFileSync(process.env['OM_FAULTS_CUTS'] ?? '', 'utf8')) as CutList;
const waiting = new Set(wanted);
const done = new Map<string, number>();
const paths = new WeakMap<object, string>();
const answer = new Uint8Array(1);

/** As `keyOf` of a point; undefined outside of the site. */
function callOn(name: string, path: string): string | undefined {
  const [, number, below] = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(path) ?? [];
  const real = number === undefined ? path : `${readlinkSync(`/proc/self/fd/${number}`)}${below ?? ''}`;
  if (!real.startsWith(`${root}/`)) return undefined;
  return `${name} ${real.slice(root.length + 1).replace(/\/expired\/[^/]+/, '/expired/ID')}`;
}

function standStill(call: string | undefined): void {
  const key = `${call ?? ''} #${(done.get(call ?? '') ?? 0) + 1}`;
  if (call === undefined || !waiting.delete(key)) return;
  writeSync(LINE, `${key}\n`);
  readSync(LINE, answer);
}

/** What the system refused has changed nothing and is not counted. */
function count(call: string | undefined): void {
  if (call !== undefined) done.set(call, (done.get(call) ?? 0) + 1);
}

async function around<Value>(name: string, path: string, act: () => Promise<Value>): Promise<Value> {
  const call = callOn(name, path);
  standStill(call);
  const value = await act();
  count(call);
  return value;
}

const CREATING = fs.constants.O_CREAT | fs.constants.O_TRUNC;

/** Calls of one path, by their system calls. */
const ON_PATH = {
  rename: 'rename',
  link: 'link',
  unlink: 'unlink',
  mkdir: 'mkdir',
  rmdir: 'rmdir',
  chmod: 'chmod',
  lchown: 'lchown',
} as const;

/** Calls of an open file. */
const ON_HANDLE = {
  sync: 'fsync',
  datasync: 'fdatasync',
  chmod: 'fchmod',
  truncate: 'ftruncate',
  chown: 'fchown',
} as const;

type Act = (...values: unknown[]) => Promise<unknown>;

for (const [method, name] of Object.entries(ON_PATH)) {
  const original = promises[method as keyof typeof ON_PATH] as unknown as Act;
  Object.assign(promises, {
    [method]: async (path: string, ...values: unknown[]) => around(name, path, async () => original(path, ...values)),
  });
}

const { open } = promises;
let patched = false;
Object.assign(promises, {
  async open(path: string, flags: number | string = 'r', mode?: number): Promise<FileHandle> {
    const creates = typeof flags === 'number' ? (flags & CREATING) !== 0 : flags !== 'r';
    const handle = creates
      ? await around('openat', path, async () => open(path, flags, mode))
      : await open(path, flags, mode);
    paths.set(handle, path);
    if (!patched) patchHandles(Object.getPrototypeOf(handle) as Record<string, Act>);
    patched = true;
    return handle;
  },
});
syncBuiltinESMExports();

function patchHandles(handles: Record<string, Act>): void {
  for (const [method, name] of Object.entries(ON_HANDLE)) {
    const original = handles[method];
    if (original === undefined) throw new Error(`a file has no ${method}`);
    handles[method] = async function (this: object, ...values: unknown[]) {
      return around(name, paths.get(this) ?? '', async () => original.apply(this, values));
    };
  }
  if (!syncs) for (const method of ['sync', 'datasync']) handles[method] = () => Promise.resolve();
  const { write } = handles;
  if (write === undefined) throw new Error('a file has no write');
  handles['write'] = async function (this: object, ...values: unknown[]) {
    const name = typeof values[3] === 'number' ? 'pwrite64' : 'write';
    return around(name, paths.get(this) ?? '', async () => write.apply(this, values));
  };
}
