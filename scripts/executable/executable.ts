import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { assetOf, stub } from './bundle.ts';
import { stripElf } from './elf.ts';
import { PROGRAM_FLAGS } from './engine-flags.ts';
import { nodeOf, type Target, TARGETS, thisPlatform } from './targets.ts';

interface Postject {
  inject(file: string, resource: string, content: Buffer, options: { readonly sentinelFuse: string }): Promise<void>;
}

/** Node looks for a program behind this mark; it is part of every Node binary. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const RESOURCE = 'NODE_SEA_BLOB';

/**
 * Writes one executable: Node for the target without symbols, with the programs and the packages apart inside. Without snapshot and code cache,
 * so that two builds of the same sources are the same bytes.
 */
export async function makeExecutable(
  output: string,
  target: Target,
  version: string,
  programs: ReadonlyMap<string, string>,
  apart: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const work = await mkdtemp(path.join(os.tmpdir(), 'om-launcher-build-'));
  try {
    const node = nodeOf(target);
    if (target.format === 'mach-o')
      throw new Error('executables for macOS need a signature, which this build cannot make');
    const blob = await makeBlob(work, nodeFor(node.version), version, programs, apart);
    const binary = await readFile(node.file);
    const whole = path.join(work, 'executable');
    await writeFile(whole, target.format === 'elf' ? stripElf(binary) : binary);
    const postject = createRequire(import.meta.url)('postject') as Postject;
    await postject.inject(whole, RESOURCE, blob, { sentinelFuse: FUSE });
    await copyInPieces(whole, output);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * As a download arrives on a disk. What is written at a stroke lies in the page cache of newer Linux in pieces of up to
 * 2 MB, which are mapped as a whole as soon as a byte of them is used: 25 MB more of a process's resident size.
 */
async function copyInPieces(from: string, to: string): Promise<void> {
  const content = await readFile(from);
  await using file = await open(to, 'w', 0o755);
  for (let at = 0; at < content.length; at += PIECE_BYTES) {
    await file.writeFile(content.subarray(at, at + PIECE_BYTES));
  }
}

const PIECE_BYTES = 64 * 1024;

/** The container of the programs; Node refuses one that another version of Node made. */
async function makeBlob(
  work: string,
  node: string,
  version: string,
  programs: ReadonlyMap<string, string>,
  apart: ReadonlyMap<string, string>,
): Promise<Buffer> {
  const at = (name: string) => path.join(work, name);
  await writeFile(at('stub.cjs'), stub(version, [...programs.keys()], [...apart.keys()]));
  const assets: Record<string, string> = {};
  for (const [name, source] of [...programs, ...apart]) {
    assets[assetOf(name)] = assetOf(name);
    await writeFile(at(assetOf(name)), source);
  }
  const config = {
    // Relative: Node writes the name of the main script into the container.
    main: 'stub.cjs',
    output: 'programs.blob',
    assets,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    execArgv: PROGRAM_FLAGS,
    execArgvExtension: 'none',
  };
  await writeFile(at('sea.json'), JSON.stringify(config));
  await promisify(execFile)(node, ['--experimental-sea-config', 'sea.json'], { cwd: work });
  return await readFile(at('programs.blob'));
}

/** A Node that runs here and has the wanted version. */
function nodeFor(version: string): string {
  if (process.versions.node === version) return process.execPath;
  const here = TARGETS.find(({ name }) => name === thisPlatform());
  const installed = here && nodeOf(here);
  if (installed?.version === version) return installed.file;
  throw new Error(`the target's Node is ${version}; making its container needs the same version on this machine`);
}
