import { join } from 'node:path';
import type { Catalogue } from './catalogue.ts';
import { endOfPiece } from './copy-piece.ts';
import { canFreeStart } from './free-start-probe.ts';
import { lookAtOutput, writeCatalogue } from './output-folder.ts';
import type { KeeperState, OutputParts } from './output-parts.ts';
import { isEarlierName, outputFileIn } from './output-names.ts';

/** This much of the volume stays free of logs: 5 %, at most 1 GiB. */
const RESERVE_SHARE = 0.05;
const RESERVE_BYTES = 1024 * 1024 * 1024;
const LAUNCHER_EARLIER = /^launcher-\d{8}T\d{9}Z\.log$/;

interface Kept {
  readonly path: string;
  readonly bytes: number;
  /** Names in their order are their age. */
  readonly age: string;
  readonly output: boolean;
}

/** Removes the oldest files until the folder holds what it may, in number and in bytes; the ones being written stay. */
export async function keepWithinBudget(parts: OutputParts, state: KeeperState): Promise<void> {
  const { files, limits, log } = parts;
  const kept = await removableFiles(parts, state.catalogue);
  const many = new Set([true, false].flatMap((output) => surplus(kept, output, limits.filesKept)));
  const [used, budget] = [await usedBytes(parts, state.catalogue), await budgetOf(parts)];
  let over = used.total - Math.min(budget.bytes, used.total + budget.spare);
  let removed = 0;
  for (const file of kept) {
    if (!many.has(file) && over <= 0) continue;
    const gone = await files.remove(file.path);
    if (!gone.ok) log.warn('an old log cannot be removed', { fault: gone.fault });
    if (!gone.ok) continue;
    over -= file.bytes;
    removed += 1;
  }
  if (removed > 0) await writeDown(parts, state);
  if (over > 0) await dropStart(parts, state, over);
}

/** Of the server's files, or else of the launcher's, the oldest beyond the number that is kept of each. */
function surplus(kept: readonly Kept[], output: boolean, filesKept: number): readonly Kept[] {
  const own = kept.filter((file) => file.output === output);
  return own.slice(0, Math.max(0, own.length - filesKept));
}

/** Earlier files of the server's and the launcher's logs, oldest first. */
async function removableFiles(
  { files, folder }: OutputParts,
  catalogue: Catalogue | undefined,
): Promise<readonly Kept[]> {
  const listed = await files.list(folder);
  const names = listed.ok ? listed.value.filter((name) => isEarlierName(name) || LAUNCHER_EARLIER.test(name)) : [];
  const kept: Kept[] = [];
  for (const name of names) {
    const facts = await files.facts(join(folder, name));
    if (!facts.ok || facts.value?.kind !== 'file') continue;
    const hole = catalogue?.earlier.find((file) => file.name === name && file.start === 0)?.from ?? 0;
    const age = name.slice(name.indexOf('-') + 1);
    kept.push({ path: join(folder, name), bytes: facts.value.size - hole, age, output: isEarlierName(name) });
  }
  return kept.sort((one, other) => (one.age < other.age ? -1 : 1));
}

/** All that is in the folder; a hole takes nothing. */
async function usedBytes({ files, folder }: OutputParts, catalogue: Catalogue | undefined): Promise<{ total: number }> {
  const holes = [catalogue?.current?.cut ?? 0, ...(catalogue?.earlier ?? []).map(({ from, start }) => from - start)];
  let total = -holes.reduce((sum, hole) => sum + hole, 0);
  for await (const entry of files.walk(folder)) {
    if (entry.ok && entry.value.facts.kind === 'file') total += entry.value.facts.size;
  }
  return { total: Math.max(0, total) };
}

/** What was configured, and how much may be added (negative: must go) so that the volume keeps its reserve. */
async function budgetOf({ files, folder, limits }: OutputParts): Promise<{ bytes: number; spare: number }> {
  const space = await files.space(folder);
  if (!space.ok) return { bytes: limits.budgetBytes, spare: Infinity };
  const { freeBytes, totalBytes } = space.value;
  return { bytes: limits.budgetBytes, spare: freeBytes - Math.min(RESERVE_BYTES, totalBytes * RESERVE_SHARE) };
}

async function writeDown({ files, folder, clock, log }: OutputParts, state: KeeperState): Promise<void> {
  const seen = await lookAtOutput(files, folder, clock.now(), state.catalogue);
  if (!seen.ok) return;
  const written = await writeCatalogue(files, folder, seen.value);
  if (written.ok) state.catalogue = seen.value;
  else log.warn('the catalogue of the server output cannot be written', { fault: written.fault });
}

/** When nothing older is left, the oldest lines of the running server go, without a copy; the newest piece always stays. */
async function dropStart(parts: OutputParts, state: KeeperState, over: number): Promise<void> {
  const { files, folder, log, freeStart } = parts;
  const path = outputFileIn(folder);
  const current = state.catalogue?.current;
  const cut = await droppableEnd(parts, state, over);
  if (!state.catalogue || !current || cut === undefined || !(await canFreeStart(parts, state))) return;
  const after = { ...state.catalogue, current: { ...current, cut } };
  const written = await writeCatalogue(files, folder, after);
  const freed = await freeStart(path, cut);
  // A disk that is so full that not even the catalogue could be written has room now.
  const known = written.ok || (freed.ok && (await writeCatalogue(files, folder, after)).ok);
  if (known) state.catalogue = after;
  log.warn('lines of the running server were dropped for space', { bytes: cut - current.cut, freed: freed.ok });
}

async function droppableEnd({ files, folder, limits }: OutputParts, { catalogue }: KeeperState, over: number) {
  const current = catalogue?.current;
  const opened = await files.openReadable(outputFileIn(folder));
  if (!opened.ok) return undefined;
  try {
    const facts = await opened.value.facts();
    if (!current || !facts.ok || facts.value.inode !== current.inode) return undefined;
    const most = Math.min(over, facts.value.size - current.cut - limits.fileBytes);
    const end = most > 0 ? await endOfPiece(opened.value, current.cut, facts.value.size, most) : current.cut;
    return end > current.cut ? end : undefined;
  } finally {
    await opened.value.close();
  }
}
