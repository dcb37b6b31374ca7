import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { PartFile } from './part-file.ts';
import type { TransferOptions } from './release-source.ts';
import type { RangeRead, RepositoryReader } from './repository-reader.ts';
import { cancelled, delayAfter, DOWNLOAD_LADDER, isTransient } from './retry-ladder.ts';
import { createRateMeter, tooSlow, type RateMeter } from './transfer-rate.ts';

/** An attempt that brought less than this, and less than half a percent, counts as fruitless. */
const FRUITFUL_BYTES = 64 * 1024;
const FRUITFUL_SHARE = 0.005;
const PROGRESS_INTERVAL_MS = 200;

export interface Filling {
  readonly path: string;
  /** Signed length, bytes. */
  readonly length: number;
  /** False: every attempt begins at 0, without Range. */
  readonly mayResume: boolean;
}

interface FillTools {
  readonly clock: Clock;
  readonly reader: RepositoryReader;
}

/**
 * Fetches until the part has its signed length, going on after each cut by itself.
 *
 * No total time limit: only the rate counts. Gives up after a ladder of attempts in a row that brought nothing.
 */
export async function fillPart(
  tools: FillTools,
  part: PartFile,
  filling: Filling,
  options: TransferOptions,
): Promise<Result<void>> {
  const { clock } = tools;
  const meter = createRateMeter(clock);
  const report = progressReporter(clock, part, meter, filling, options);
  for (let fruitless = 0; part.length() < filling.length;) {
    const before = part.length();
    const outcome = await attempt(tools, part, filling, meter, report, options.signal);
    if (options.signal?.aborted === true) return fail(cancelled());
    if (!outcome.ok && !isTransient(outcome.fault)) return outcome;
    if (part.length() >= filling.length) break;
    const fault = outcome.ok ? endedEarly(part, filling) : outcome.fault;
    fruitless = part.length() - before >= fruitfulBytes(filling) ? 0 : fruitless + 1;
    if (fruitless >= DOWNLOAD_LADDER.attempts) return fail(fault);
    meter.pause();
    const slept = await clock.sleep(delayAfter(DOWNLOAD_LADDER, fruitless + 1, fault), options.signal);
    if (slept === 'aborted') return fail(cancelled());
  }
  report('now');
  return succeed();
}

async function attempt(
  tools: FillTools,
  part: PartFile,
  filling: Filling,
  meter: RateMeter,
  report: () => void,
  signal?: AbortSignal,
): Promise<Result<void>> {
  const from = filling.mayResume ? part.length() : 0;
  const wish = { from, length: filling.length, validator: filling.mayResume ? part.validator() : undefined, signal };
  // How long a sender may take to begin has a limit of its own.
  meter.pause();
  const opened = await tools.reader.openRange(filling.path, wish);
  if (!opened.ok) return opened;
  const prepared = await prepare(part, opened.value);
  const taken = prepared.ok ? await take(part, filling, opened.value, meter, report) : prepared;
  await opened.value.discard();
  return taken;
}

/** A server that begins elsewhere than at our end begins at 0: then so do we, without splicing. */
async function prepare(part: PartFile, read: RangeRead): Promise<Result<void>> {
  if (read.start !== part.length()) {
    const restarted = await part.restart();
    if (!restarted.ok) return restarted;
  }
  return part.noteValidator(read.validator);
}

async function take(
  part: PartFile,
  filling: Filling,
  read: RangeRead,
  meter: RateMeter,
  report: () => void,
): Promise<Result<void>> {
  const announcedAll = read.announced === filling.length - read.start;
  for await (const piece of read.body) {
    if (!piece.ok) return piece;
    if (part.length() + piece.value.length > filling.length) {
      return fail(
        faultOf('body-too-long', `more than the signed ${filling.length} bytes came`, {
          values: { limit: filling.length },
        }),
      );
    }
    const appended = await part.append(piece.value);
    if (!appended.ok) return appended;
    meter.add(piece.value.length);
    report();
    // Without an announced length one more byte may follow, and has to be seen.
    if (part.length() === filling.length && announcedAll) return succeed();
    if (part.length() < filling.length && meter.isTooSlow()) return fail(tooSlow());
  }
  return succeed();
}

function progressReporter(
  clock: Clock,
  part: PartFile,
  meter: RateMeter,
  filling: Filling,
  options: TransferOptions,
): (when?: 'now') => void {
  let last = -Infinity;
  return (when) => {
    const now = clock.monotonic();
    if (when === undefined && now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    options.onProgress?.({ doneBytes: part.length(), totalBytes: filling.length, rate: meter.rate() });
  };
}

function endedEarly(part: PartFile, filling: Filling): Fault {
  return faultOf('body-truncated', `the body ended after ${part.length()} of ${filling.length} bytes`);
}

function fruitfulBytes(filling: Filling): number {
  return Math.max(1, Math.min(FRUITFUL_BYTES, Math.floor(filling.length * FRUITFUL_SHARE)));
}
