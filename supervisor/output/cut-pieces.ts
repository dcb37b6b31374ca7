import { join } from 'node:path';
import type { ReadableFile } from '../../platform/files.ts';
import type { Catalogue, EarlierFile } from './catalogue.ts';
import { copyPiece, endOfPiece } from './copy-piece.ts';
import { canFreeStart } from './free-start-probe.ts';
import { lookAtOutput, writeCatalogue } from './output-folder.ts';
import type { KeeperState, OutputParts } from './output-parts.ts';
import { nameBefore, nextEarlierName, outputFileIn, unfinishedNameOf } from './output-names.ts';
import type { Turns } from './turns.ts';

/** A file that a piece is to be cut off. */
interface Source {
  readonly path: string;
  readonly run: number;
  /** Where its content begins. */
  readonly from: number;
  /** Nobody writes to it any more: its last piece may end within a line. */
  readonly ended: boolean;
  /** Name of the piece. */
  readonly name: string;
  /** The catalogue once the piece, which ends at `to`, has its name. */
  readonly after: (before: Catalogue, piece: EarlierFile, to: number) => Catalogue;
}

/** Cuts off what is large or old enough; true when anything was cut. */
export async function cutPieces(parts: OutputParts, state: KeeperState, turns: Turns, signal: AbortSignal) {
  let cut = false;
  const isAbandoned = (): boolean => signal.aborted || turns.isHurried();
  while (!isAbandoned()) {
    const source = await findSource(parts, state);
    if (!source || !(await canFreeStart(parts, state))) break;
    if (!(await cutOne(parts, state, source, turns, isAbandoned))) break;
    cut = true;
  }
  return cut;
}

async function findSource(parts: OutputParts, { catalogue }: KeeperState): Promise<Source | undefined> {
  return catalogue && ((await dueOf(parts, catalogue)) ?? holedOf(parts, catalogue));
}

/** The server's file, when a piece of it is large or old enough. */
async function dueOf({ files, folder, limits, clock }: OutputParts, catalogue: Catalogue): Promise<Source | undefined> {
  const { current, earlier } = catalogue;
  const path = outputFileIn(folder);
  const facts = await files.facts(path);
  if (!current || !facts.ok || facts.value?.inode !== current.inode) return undefined;
  const waiting = facts.value.size - current.cut;
  const old = clock.now() - current.since >= limits.ageMs;
  if (waiting <= 0 || (waiting < limits.fileBytes && !old)) return undefined;
  return {
    path,
    run: current.run,
    from: current.cut,
    ended: false,
    name: nextEarlierName(
      earlier.map(({ name }) => name),
      clock.now(),
    ),
    after: (before, piece, to) => ({
      ...before,
      current: { ...current, cut: to, since: clock.now() },
      earlier: [...before.earlier, piece],
    }),
  };
}

/** A file that was set aside with a hole: programs that do not know of holes would read and copy endless zeros. */
function holedOf({ folder }: OutputParts, { earlier }: Catalogue): Source | undefined {
  const file = earlier.find(({ from, start }) => from > start);
  if (!file) return undefined;
  return {
    path: join(folder, file.name),
    run: file.run,
    from: file.from,
    ended: true,
    name: nameBefore(
      file.name,
      earlier.map(({ name }) => name),
    ),
    after: (before, piece, to) => ({
      ...before,
      earlier: before.earlier.flatMap((other) =>
        other.name === file.name ? [piece, { ...other, from: to }] : [other],
      ),
    }),
  };
}

async function cutOne(
  parts: OutputParts,
  state: KeeperState,
  source: Source,
  turns: Turns,
  isAbandoned: () => boolean,
): Promise<boolean> {
  const { files, folder, limits, log } = parts;
  const opened = await files.openReadable(source.path);
  if (!opened.ok) return false;
  try {
    const to = await pieceEnd(opened.value, source, limits.fileBytes);
    const target = join(folder, unfinishedNameOf(source.name));
    if (to > source.from) {
      const copied = await copyPiece(files, opened.value, { from: source.from, to, target }, isAbandoned);
      if (!copied.ok) log.warn('a piece of the server output cannot be copied', { fault: copied.fault });
      // Most likely for want of space: the oldest lines go at once.
      if (!copied.ok) state.budgetAt = -Infinity;
      if (!copied.ok || copied.value === 'abandoned') return false;
    } else if (!source.ended) return false;
    return await turns.take(() => commit(parts, state, source, opened.value, to));
  } finally {
    await opened.value.close();
  }
}

async function pieceEnd(file: ReadableFile, { from, ended }: Source, limit: number): Promise<number> {
  const facts = await file.facts();
  const size = facts.ok ? facts.value.size : from;
  return ended && size - from <= limit ? size : endOfPiece(file, from, size, limit);
}

/** Written down, named, and only then taken off; whatever dies in between, the next launcher finishes it. */
async function commit(
  parts: OutputParts,
  state: KeeperState,
  source: Source,
  file: ReadableFile,
  to: number,
): Promise<boolean> {
  const { files, folder, log } = parts;
  const target = join(folder, source.name);
  const unfinished = join(folder, unfinishedNameOf(source.name));
  if (to === source.from) return removeEmptied(parts, state, source);
  if (!state.catalogue || !(await isStillThere(parts, source, file))) {
    await files.remove(unfinished);
    return false;
  }
  const piece = { name: source.name, run: source.run, from: source.from, start: source.from };
  const after = source.after(state.catalogue, piece, to);
  const written = await writeCatalogue(files, folder, after);
  if (!written.ok) {
    log.warn('the catalogue of the server output cannot be written', { fault: written.fault });
    await files.remove(unfinished);
    return false;
  }
  state.catalogue = after;
  const named = await files.renameNew(unfinished, target);
  if (!named.ok) log.warn('a piece of the server output cannot be named', { fault: named.fault });
  if (named.ok && !source.ended) await takeOff(parts, source.path, to);
  return named.ok;
}

/** A start may have given the file another name since it was opened. */
async function isStillThere({ files }: OutputParts, { path }: Source, file: ReadableFile): Promise<boolean> {
  const [opened, there] = [await file.facts(), await files.facts(path)];
  return opened.ok && there.ok && there.value?.inode === opened.value.inode;
}

async function takeOff({ freeStart, log }: OutputParts, path: string, to: number): Promise<void> {
  const freed = await freeStart(path, to);
  if (!freed.ok) log.warn('the space of a piece of the server output cannot be given back', { fault: freed.fault });
}

/** All of a file with a hole is in files without one now. */
async function removeEmptied(parts: OutputParts, state: KeeperState, { path }: Source): Promise<boolean> {
  const { files, folder, clock } = parts;
  const removed = await files.remove(path);
  const seen = await lookAtOutput(files, folder, clock.now(), state.catalogue);
  if (!removed.ok || !seen.ok) return false;
  const written = await writeCatalogue(files, folder, seen.value);
  if (written.ok) state.catalogue = seen.value;
  return written.ok;
}
