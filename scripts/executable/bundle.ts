import path from 'node:path';
import { build } from 'esbuild';

/** Where the bundle thinks it lies: dependencies that ask for their own place get the executable's. */
const BANNER = "var __importMetaUrl = require('node:url').pathToFileURL(process.execPath).href;";

/** All of a program and its dependencies as one CommonJS text. The same sources give the same text. */
export async function bundle(root: string, entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, entry)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    // Names stay: a stack trace in a support bundle has to be readable.
    keepNames: true,
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
  if (!output) throw new Error(`esbuild made nothing of ${entry}`);
  return output.text;
}

/** The name of the asset that holds a program. */
export function assetOf(program: string): string {
  return `${program}.cjs`;
}

/**
 * The only script that Node compiles at each start. It answers `--version` itself (30 ms against 60 ms with everything
 * loaded) and otherwise compiles one program: the one whose name the executable carries, or `om-launcher`.
 */
export function stub(version: string, programs: readonly string[]): string {
  return `'use strict';
const path = require('node:path');
const programs = ${JSON.stringify(programs)};
const called = path.basename(process.argv0, '.exe');
const program = programs.find((name) => called === name || called.startsWith(name + '-')) ?? programs[0];
if (process.argv[2] === '--version' && process.argv.length === 3) {
  process.stdout.write(${JSON.stringify(`${version}\n`)});
} else {
  const vm = require('node:vm');
  // Not getAsset(…, 'latin1'): that is windows-1252 by TextDecoder, whose strings have two bytes a character.
  const source = Buffer.from(require('node:sea').getRawAsset(program + '.cjs')).latin1Slice();
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const options = { filename: program + '.cjs', importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER };
  const module = { exports: {} };
  const load = require('node:module').createRequire(process.execPath);
  vm.compileFunction(source, names, options)(module.exports, load, module, process.execPath, path.dirname(process.execPath));
}
`;
}
