import { cpSync } from 'node:fs';
import path from 'node:path';
import { fetchPair } from './bytes/pairs.ts';
import { isInstalled } from './bytes/run.ts';

/** Together about as large as the release that the aims are set for: 282 MB in 3,000 files. */
const PACKAGES = ['core', 'common', 'writer', 'calc', 'impress', 'draw', 'base-core', 'math'] as const;
const CACHE = path.resolve(import.meta.dirname, '../../.cache/bench');

export interface OfficePair {
  readonly oldFolder: string;
  readonly newFolder: string;
}

/** Puts the eight largest packages of two neighbouring LibreOffice versions together below `work`, fetched with apt-get the first time. */
export async function gatherOfficePair(work: string): Promise<OfficePair> {
  for (const program of ['apt-get', 'dpkg-deb'])
    if (!(await isInstalled(program))) throw new Error(`not run: needs ${program} (Debian)`);
  const [oldFolder, newFolder] = [path.join(work, 'old'), path.join(work, 'new')];
  for (const name of PACKAGES) {
    const source = { registry: 'debian', packages: [`libreoffice-${name}`] } as const;
    const fetched = await fetchPair(CACHE, { name, kind: 'other', source });
    cpSync(fetched.oldFolder, oldFolder, { recursive: true, verbatimSymlinks: true });
    cpSync(fetched.newFolder, newFolder, { recursive: true, verbatimSymlinks: true });
  }
  return { oldFolder, newFolder };
}
