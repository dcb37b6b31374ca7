import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { APART, bundle, bundlePackage } from './executable/bundle.ts';
import { makeExecutable } from './executable/executable.ts';
import { type Target, TARGETS, thisPlatform } from './executable/targets.ts';

/** The programs in the executable, the first one being the one it is by default; a second name calls the other. */
const PROGRAMS = { 'om-launcher': 'launcher/main.ts', 'om-publish': 'installer/publish/main.ts' } as const;

const root = path.resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    platform: { type: 'string', default: thisPlatform() },
    output: { type: 'string', default: path.join(root, 'dist') },
  },
});

try {
  await build(chosenTarget(options.platform), path.resolve(options.output));
} catch (error) {
  console.error(`build failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Bundle, inject, and put it in place under its full name and, for this machine, under the short ones. */
async function build(target: Target, output: string): Promise<void> {
  const started = Date.now();
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const suffix = target.format === 'pe' ? '.exe' : '';
  const file = path.join(output, `om-launcher-${version}-${target.name}${suffix}`);
  await mkdir(output, { recursive: true });
  await makeExecutable(`${file}.new`, target, version, await bundlePrograms(), await bundleApart());
  await rename(`${file}.new`, file);
  if (target.name === thisPlatform()) {
    for (const name of Object.keys(PROGRAMS)) await linkAs(file, path.join(output, `${name}${suffix}`));
  }
  await report(file, Date.now() - started);
}

function chosenTarget(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target) return target;
  throw new Error(`unknown platform "${name}"; known: ${TARGETS.map((known) => known.name).join(', ')}`);
}

async function bundlePrograms(): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>();
  for (const [name, entry] of Object.entries(PROGRAMS)) {
    if (existsSync(path.join(root, entry))) sources.set(name, await bundle(root, entry, APART));
  }
  if (sources.size === 0) throw new Error('there is no program to build');
  return sources;
}

async function bundleApart(): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>();
  for (const name of APART) sources.set(name, await bundlePackage(root, name));
  return sources;
}

/** A second name of the same file: 100 MB once. */
async function linkAs(file: string, name: string): Promise<void> {
  await rm(name, { force: true });
  await link(file, name);
}

async function report(file: string, tookMs: number): Promise<void> {
  const content = await readFile(file);
  const digest = createHash('sha256').update(content).digest('hex');
  console.log(`${path.relative(process.cwd(), file)}  ${(content.length / 1e6).toFixed(1)} MB  ${tookMs} ms`);
  console.log(`sha256 ${digest}`);
}
