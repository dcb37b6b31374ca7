import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { RUN_FLAGS } from './engine-flags.ts';

/** Where the bundle thinks it lies: dependencies that ask for their own place get the executable's. */
const BANNER = "var __importMetaUrl = require('node:url').pathToFileURL(process.execPath).href;";

/**
 * Packages that most launchers need for minutes in a month, as texts of their own beside the programs. Programs load them
 * by `import()` only; what is not loaded takes no memory.
 */
export const APART = ['nodemailer', 'undici'] as const;

/** All of a program and its dependencies as one CommonJS text, but for `apart`. The same sources give the same text. */
export function bundle(root: string, entry: string, apart: readonly string[] = []): Promise<string> {
  return bundleOf(root, { entryPoints: [path.join(root, entry)], external: [...apart] });
}

/** A package and its dependencies as one CommonJS text. */
export function bundlePackage(root: string, name: string): Promise<string> {
  return bundleOf(root, { stdin: { contents: `module.exports = require('${name}');`, resolveDir: root } });
}

async function bundleOf(root: string, input: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...input,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    // Names are not made shorter: a stack trace in a support bundle has to be readable.
    minifyIdentifiers: false,
    // Packages that lie apart are found by the program's own `require`.
    supported: { 'dynamic-import': false },
    // Node prints the line that threw: it must not be the whole program.
    lineLimit: 200,
    legalComments: 'none',
    // The CommonJS flavour of jsonc-parser hides its imports from a bundler.
    mainFields: ['module', 'main'],
    // One byte a character: V8 would keep the whole text with two bytes for the sake of a few umlauts.
    charset: 'ascii',
    absWorkingDir: root,
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: BANNER },
    logLevel: 'error',
    write: false,
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild made nothing');
  return output.text;
}

/** The name of the asset that holds a program or package. */
export function assetOf(name: string): string {
  return `${name}.cjs`;
}

/**
 * The only script that Node compiles at each start. It answers `--version` itself (30 ms against 60 ms with everything
 * loaded) and otherwise compiles one program: the one whose name the executable carries, or `om-launcher`.
 *
 * Commands and the staging process keep the optimizing compilers.
 */
export function stub(version: string, programs: readonly string[], apart: readonly string[]): string {
  return `'use strict';
const path = require('node:path');
const programs = ${JSON.stringify(programs)};
const apart = ${JSON.stringify(apart)};
const called = path.basename(process.argv0, '.exe');
const program = programs.find((name) => called === name || called.startsWith(name + '-')) ?? programs[0];
if (process.argv[2] === '--version' && process.argv.length === 3) {
  process.stdout.write(${JSON.stringify(`${version}\n`)});
} else {
  if (program === programs[0] && process.argv[2] === 'run') {
    for (const flag of ${JSON.stringify(RUN_FLAGS)}) require('node:v8').setFlagsFromString(flag);
  }
  const vm = require('node:vm');
  const sea = require('node:sea');
  const loaded = new Map();
  const load = require('node:module').createRequire(process.execPath);
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const evaluate = (name) => {
    // Not getAsset(…, 'latin1'): that is windows-1252 by TextDecoder, whose strings have two bytes a character.
    const source = Buffer.from(sea.getRawAsset(name + '.cjs')).latin1Slice();
    const module = { exports: {} };
    loaded.set(name, module);
    const folder = path.dirname(process.execPath);
    const run = vm.compileFunction(source, names, { filename: name + '.cjs' });
    run(module.exports, require_, module, process.execPath, folder);
    return module;
  };
  const require_ = (name) => (apart.includes(name) ? (loaded.get(name) ?? evaluate(name)).exports : load(name));
  evaluate(program);
}
`;
}
