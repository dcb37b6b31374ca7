import { isDeepStrictEqual } from 'node:util';
import { type Static, Type } from '@sinclair/typebox';

const Count = Type.Integer({ minimum: 0 });
const Name = Type.String({ minLength: 1, maxLength: 255 });

/** The run whose output goes to `server.log` now. Positions count the bytes of all its output. */
const CurrentRun = Type.Object({
  run: Count,
  /** Of `server.log`; another file there is another run. */
  inode: Name,
  /** What is before this position is in earlier files, or was removed for space; the file has a hole there. */
  cut: Count,
  /** Since when output is gathered behind `cut`, wall clock. */
  since: Type.Number(),
});

const EarlierFile = Type.Object({
  name: Name,
  run: Count,
  /** Position of the first byte that counts. */
  from: Count,
  /** Position of the file's own first byte: `from` of a copied piece, 0 of a file that was renamed as it was. */
  start: Count,
});

/** Which files hold the server's output, in order. The files are the truth, this says how they hang together. */
export const CatalogueShape = Type.Object({
  schema: Type.Literal(1),
  /** Number of the next run that is met. */
  next: Count,
  current: Type.Optional(CurrentRun),
  earlier: Type.Array(EarlierFile, { maxItems: 10_000 }),
});

export type CurrentRun = Readonly<Static<typeof CurrentRun>>;
export type EarlierFile = Readonly<Static<typeof EarlierFile>>;

export interface Catalogue {
  readonly schema: 1;
  readonly next: number;
  readonly current?: CurrentRun;
  /** Oldest first. */
  readonly earlier: readonly EarlierFile[];
}

export const EMPTY_CATALOGUE: Catalogue = { schema: 1, next: 1, earlier: [] };

export interface SeenFile {
  readonly name: string;
  readonly inode: string;
}

/** What is in the folder of the logs. */
export interface SeenFolder {
  /** `server.log`; `hole` is where its content begins. */
  readonly current?: { readonly inode: string; readonly size: number; readonly hole: number };
  /** Names of all earlier files. */
  readonly names: readonly string[];
  /** Those that the catalogue does not have, oldest first. */
  readonly unlisted: readonly SeenFile[];
}

/**
 * The catalogue as the folder shows it. Pure, and the same for everybody who looks: a reader without a launcher comes to
 * the same numbers as the launcher that writes them down.
 */
export function reconcile(catalogue: Catalogue, seen: SeenFolder, now: number): Catalogue {
  let { next } = catalogue;
  const { current } = catalogue;
  // A rename that was cut in two leaves both names: the file is still the current one.
  const unlisted = seen.unlisted.filter(({ inode }) => inode !== seen.current?.inode);
  const found = unlisted.map(({ name, inode }): EarlierFile => {
    if (inode === current?.inode) return { name, run: current.run, from: current.cut, start: 0 };
    return { name, run: next++, from: 0, start: 0 };
  });
  const kept = catalogue.earlier.filter(({ name }) => seen.names.includes(name));
  const earlier = [...kept, ...found].sort((one, other) => (one.name < other.name ? -1 : 1));
  const present = presentRun(current, seen, () => next++, now);
  const reconciled: Catalogue = { schema: 1, next, ...(present && { current: present }), earlier };
  return isDeepStrictEqual(reconciled, catalogue) ? catalogue : reconciled;
}

function presentRun(
  known: CurrentRun | undefined,
  { current, unlisted }: SeenFolder,
  newRun: () => number,
  now: number,
): CurrentRun | undefined {
  const wasSetAside = unlisted.some(({ inode }) => inode === known?.inode && inode !== current?.inode);
  if (current === undefined) return wasSetAside ? undefined : known;
  // A file that is shorter than what was cut off it was emptied by somebody.
  if (current.inode === known?.inode && current.size >= known.cut) return known;
  return { run: newRun(), inode: current.inode, cut: current.hole, since: now };
}
