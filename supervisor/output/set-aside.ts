import { join } from 'node:path';
import type { ActsAtOnce } from '../../platform/acts-at-once.ts';
import type { OutputParts } from './output-parts.ts';
import { isEarlierName, nextEarlierName, outputFileIn } from './output-names.ts';

const SAME_NAME_TRIES = 10;

/**
 * Gives the output of the run before a name of its own, `server-<UTC>.log`, before the next one begins.
 *
 * Nothing here can stop a start: what fails is logged, and the new output is appended to the old.
 */
export async function setAside({ files, folder, clock, log }: OutputParts): Promise<void> {
  const current = await files.facts(outputFileIn(folder));
  if (!current.ok || !current.value) {
    const made = await files.makeFolder(folder);
    if (!made.ok) log.warn('the folder of the server output cannot be made', { fault: made.fault });
    return;
  }
  if (current.value.size === 0) return;
  const listed = await files.list(folder);
  let taken = listed.ok ? listed.value.filter(isEarlierName) : [];
  const halfRenamed = current.value.links > 1 ? taken.at(-1) : undefined;
  for (let tries = 0; tries < SAME_NAME_TRIES; tries += 1) {
    const name =
      (tries === 0 ? halfRenamed : undefined) ?? nextEarlierName(taken, current.value.modifiedMs || clock.now());
    const renamed = await files.renameNew(outputFileIn(folder), join(folder, name));
    if (renamed.ok) return;
    if (renamed.fault.code !== 'already-exists') {
      log.warn('the output of the server cannot be rotated', { fault: renamed.fault });
      return;
    }
    taken = [...taken, name].sort();
  }
}

/** The same within one turn of the event loop, where nothing is unusual; gives where the output of the run before lies now. */
export function setAsideAtOnce({ folder, clock }: OutputParts, acts: ActsAtOnce): string | undefined {
  const path = outputFileIn(folder);
  const current = acts.facts(path);
  if (!current.ok || !current.value || current.value.links > 1) return undefined;
  if (current.value.size === 0) return path;
  const listed = acts.list(folder);
  if (!listed.ok) return undefined;
  const aside = join(folder, nextEarlierName(listed.value, current.value.modifiedMs || clock.now()));
  return acts.renameFile(path, aside).ok ? aside : undefined;
}
