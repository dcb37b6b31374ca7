import { join } from 'node:path';
import type { Catalogue } from './catalogue.ts';
import { outputFileIn } from './output-names.ts';

/** Where in the output of all runs a reader stands. */
export interface OutputPosition {
  readonly run: number;
  readonly position: number;
}

/** A file and the part of its run's output that is read there. */
export interface OutputPiece {
  readonly path: string;
  readonly run: number;
  /** Position of the first byte to be read. */
  readonly from: number;
  /** Position of the file's own first byte. */
  readonly start: number;
  /** It is being written, and its start may be cut off while it is read. */
  readonly current: boolean;
}

/** The files that hold the output from a position on, in order; all of it when nothing was read yet. Pure. */
export function piecesAfter(folder: string, catalogue: Catalogue, after?: OutputPosition): readonly OutputPiece[] {
  const all = allPieces(folder, catalogue);
  if (!after) return all;
  const ofRun = all.filter(({ run }) => run === after.run);
  // The run a reader stands in is no longer known: what is left of it was removed. Numbers of runs grow.
  if (ofRun.length === 0) return all.filter(({ run }) => run > after.run);
  const begin = ofRun.findLast(({ from }) => from <= after.position) ?? ofRun[0];
  return all
    .slice(begin === undefined ? 0 : all.indexOf(begin))
    .map((piece) => (piece === begin ? { ...piece, from: Math.max(piece.from, after.position) } : piece));
}

function allPieces(folder: string, { current, earlier }: Catalogue): readonly OutputPiece[] {
  const pieces = earlier.map(({ name, run, from, start }) => ({
    path: join(folder, name),
    ...{ run, from, start },
    current: false,
  }));
  if (!current) return pieces;
  const { run, cut } = current;
  return [...pieces, { path: outputFileIn(folder), run, from: cut, start: 0, current: true }];
}
