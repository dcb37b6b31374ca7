import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_CHANGES, type OmSite, STRUCTURE } from './om-site.ts';

/** What a bundle must be: kind, mode and content of each entry, by its path. */
type Tree = ReadonlyMap<string, string>;

/** How the folder differs from the release with the customer's changes carried over; `[]` when it is exactly that. */
export function differencesFrom(site: OmSite, folder: string, version: string): readonly string[] {
  if (!existsSync(folder)) return [`${folder} is missing`];
  const expected = withLocalChanges(readTree(join(site.folder, 'releases', version)));
  const found = readTree(folder);
  const lacking = [...expected].flatMap(([path, what]) => {
    const there = found.get(path);
    return there === what ? [] : [`${path}: ${there ?? 'missing'} instead of ${what}`];
  });
  const extra = [...found.keys()].filter((path) => !expected.has(path)).map((path) => `${path}: unknown`);
  return [...lacking, ...extra];
}

/** One digest over names, kinds, modes and contents. */
export function treeDigest(folder: string): string {
  const hash = createHash('sha256');
  for (const [path, what] of readTree(folder)) hash.update(`${path} ${what}\n`);
  return hash.digest('hex');
}

function withLocalChanges(shipped: Tree): Tree {
  const expected = new Map(shipped);
  for (const ending of ['4DZ', '4DIndy']) {
    const [from, to] = [`Server Database/OM Business.${ending}`, `Server Database/${STRUCTURE}.${ending}`];
    const what = expected.get(from);
    if (what === undefined) continue;
    expected.delete(from);
    expected.set(to, what);
  }
  for (const [path, content] of Object.entries(LOCAL_CHANGES)) {
    const mode = expected.get(path)?.split(' ')[1] ?? '644';
    expected.set(path, `file ${mode} ${digestOf(content)}`);
  }
  return expected;
}

function readTree(folder: string): Tree {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(paths.map((path) => [path, describe(join(folder, path))]));
}

function describe(path: string): string {
  const facts = lstatSync(path);
  if (facts.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  const mode = (facts.mode & 0o7777).toString(8);
  return facts.isDirectory() ? `folder ${mode}` : `file ${mode} ${digestOf(readFileSync(path))}`;
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
