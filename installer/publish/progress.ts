import type { Clock } from '../../platform/clock.ts';
import type { TextOutput } from '../../platform/own-process.ts';

/** How far a long part of publishing has come. */
export interface PublishProgress {
  /** What is made, in a few words: `pack`, `delta from 2026.1.0`. */
  readonly part: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ProgressDisplay {
  readonly tell: (progress: PublishProgress) => void;
  /** Takes the bar away, before the verdict is told. */
  readonly end: () => void;
}

/** A bar is drawn anew at most so often, a line where there is no terminal. */
const DRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;
const BAR_COLUMNS = 24;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Shows bytes, rate and time left: as a bar that stays in its line on a terminal, else as a line now and then.
 *
 * A part that is done quicker than a line is due leaves no trace in a log.
 */
export function createProgressDisplay(output: TextOutput, clock: Pick<Clock, 'monotonic'>): ProgressDisplay {
  let part: { readonly name: string; readonly begunAt: number } | undefined;
  let shownAt = -Infinity;
  let drawn = false;
  return {
    tell(progress) {
      const now = clock.monotonic();
      if (part?.name !== progress.part) {
        part = { name: progress.part, begunAt: now };
        shownAt = output.isTerminal ? -Infinity : now;
      }
      if (now - shownAt < (output.isTerminal ? DRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shownAt = now;
      const text = progressText(progress, (now - part.begunAt) / 1_000);
      output.write(output.isTerminal ? `${CLEAR_LINE}${fit(text, output.columns)}` : `${text}\n`);
      drawn = output.isTerminal;
    },
    end() {
      if (drawn) output.write(CLEAR_LINE);
      drawn = false;
    },
  };
}

/** `delta from 2026.1.0 [######------------------]  25 %  71 of 282 MB  4.1 MB/s  51 s left`. Pure. */
export function progressText({ part, doneBytes, totalBytes }: PublishProgress, seconds: number): string {
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const rate = seconds > 0 ? doneBytes / seconds : 0;
  const filled = Math.round(share * BAR_COLUMNS);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_COLUMNS - filled)}]`;
  const left = rate > 0 && share < 1 ? [`${Math.ceil((totalBytes - doneBytes) / rate)} s left`] : [];
  const figures = [
    `${Math.floor(share * 100)} %`,
    `${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB`,
    `${megabytes(rate)} MB/s`,
    ...left,
  ];
  return `${part} ${bar}  ${figures.join('  ')}`;
}

function megabytes(bytes: number): string {
  const value = bytes / 1_000_000;
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** A line that wraps could not be taken away again. */
function fit(text: string, columns: number | undefined): string {
  return columns === undefined || text.length < columns ? text : text.slice(0, Math.max(0, columns - 1));
}
