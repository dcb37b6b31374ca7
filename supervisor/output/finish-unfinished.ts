import { join } from 'node:path';
import { removeUnfinishedWrites } from '../../platform/unfinished-writes.ts';
import { readCatalogue } from './output-folder.ts';
import type { OutputParts } from './output-parts.ts';
import { isUnfinishedName, unfinishedNameOf } from './output-names.ts';

/**
 * What a launcher left that died while it cut a piece off: a copy that stands in the catalogue is whole and gets its name;
 * any other is not, and what it copied is still where it was.
 */
export async function finishUnfinished({ files, folder, log }: OutputParts): Promise<void> {
  // The folder of the logs need not lie in the state folder, which is cleaned as a whole.
  await removeUnfinishedWrites(files, folder, 0);
  const listed = await files.list(folder);
  const unfinished = listed.ok ? listed.value.filter(isUnfinishedName) : [];
  if (unfinished.length === 0) return;
  const { earlier } = await readCatalogue(files, folder);
  for (const copy of unfinished) {
    const file = earlier.find(({ name }) => unfinishedNameOf(name) === copy);
    const path = join(folder, copy);
    const finished = file ? await files.renameNew(path, join(folder, file.name)) : await files.remove(path);
    if (!finished.ok) log.warn('a piece of the server output cannot be finished', { fault: finished.fault });
  }
}
