import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A version of Node-RED as its makers published it, on this disk; or why it could not be had. */
export type Published =
  { readonly kind: 'ready'; readonly folder: string } | { readonly kind: 'unreachable'; readonly why: string };

/** Kept between runs, and ignored by git: each version is fetched once. */
const CACHE = resolve(import.meta.dirname, '../../../.cache/node-red');
const INSTALL_LIMIT_MS = 240_000;
const REASON_CHARACTERS = 500;

/**
 * The folder with `node_modules` of this version, from the cache or else from npm. A version appears in the cache by one
 * rename, so that whatever is there is whole, even if two runs fetch it at the same time.
 */
export async function publishedNodeRed(version: string): Promise<Published> {
  const folder = join(CACHE, version);
  if (existsSync(folder)) {
    return { kind: 'ready', folder };
  }
  mkdirSync(CACHE, { recursive: true });
  const arriving = mkdtempSync(join(CACHE, 'arriving-'));
  try {
    const trouble = await install(version, arriving);
    if (trouble !== undefined) {
      return { kind: 'unreachable', why: trouble };
    }
    keep(arriving, folder);
    return { kind: 'ready', folder };
  } finally {
    rmSync(arriving, { recursive: true, force: true });
  }
}

/** No script of a package runs, and no audit asks the registry for more than the packages. */
async function install(version: string, folder: string): Promise<string | undefined> {
  const { command, leading } = npm();
  const args = ['install', `node-red@${version}`, '--prefix', folder, '--ignore-scripts', '--omit=dev'];
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--prefer-offline'];
  const child = spawn(command, [...leading, ...args, ...quiet], {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: AbortSignal.timeout(INSTALL_LIMIT_MS),
  });
  let trouble = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (trouble += piece));
  try {
    const [exit] = (await once(child, 'close')) as [number | null];
    return exit === 0 ? undefined : trouble.slice(0, REASON_CHARACTERS);
  } catch (error) {
    return String(error);
  }
}

/** The npm that runs the tests; on Windows its name alone is no program. */
function npm(): { readonly command: string; readonly leading: readonly string[] } {
  const { npm_execpath: script } = process.env;
  return script?.endsWith('.js') === true
    ? { command: process.execPath, leading: [script] }
    : { command: 'npm', leading: [] };
}

function keep(arrived: string, folder: string): void {
  try {
    renameSync(arrived, folder);
  } catch (error) {
    // Another run was faster, and its copy is as good.
    if (!existsSync(folder)) throw error;
  }
}
