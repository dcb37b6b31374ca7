import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PackObject, SignedFile } from '../release.ts';
import { checkSpace, type DownloadTools, isUseless } from './download.ts';
import { OBJECTS_NAME, targetFile } from './layout.ts';
import { type ObjectsFile, openObjectsFile } from './objects-file.ts';
import type { TransferOptions } from './release-source.ts';
import { cancelled, delayAfter, DOWNLOAD_LADDER, isTransient } from './retry-ladder.ts';
import { createRateMeter, type RateMeter, tooSlow } from './transfer-rate.ts';

const PROGRESS_INTERVAL_MS = 200;
/** Wrong objects that are fetched once more before the transfer is given up. */
const WRONG_OBJECTS_LIMIT = 3;

/**
 * Brings objects of a pack, back to back, into `folder/objects.pack`: neighbours in one request, each object verified as it
 * comes, resuming behind the last right one.
 *
 * Errors: `archive-invalid` (the server cannot give parts of a file), `digest-mismatch`, and those of `downloadSigned`.
 */
export async function downloadObjects(
  tools: DownloadTools,
  pack: SignedFile,
  objects: readonly PackObject[],
  folder: string,
  options: TransferOptions,
): Promise<Result<string>> {
  const path = join(folder, OBJECTS_NAME);
  const opened = await openObjectsFile(tools.files, path, objects);
  if (!opened.ok) return opened;
  const total = objects.reduce((sum, object) => sum + object.length, 0);
  const room = await checkSpace(tools.files, folder, total - opened.value.length());
  const fetching = { tools, pack, runs: joinNeighbours(objects), total, file: opened.value, options };
  const fetched = room.ok ? await fetchAll(fetching) : room;
  if (fetched.ok) {
    const finished = await opened.value.finish();
    return finished.ok ? succeed(path) : finished;
  }
  await opened.value.close();
  if (isUseless(fetched.fault)) await tools.files.remove(path);
  return options.signal?.aborted === true ? fail(cancelled()) : fetched;
}

/** A part of the pack that is fetched with one request, and where it stands in the file. */
interface Run {
  readonly offset: number;
  readonly length: number;
  readonly place: number;
}

function joinNeighbours(objects: readonly PackObject[]): readonly Run[] {
  const runs: { offset: number; length: number; place: number }[] = [];
  let place = 0;
  for (const { offset, length } of objects) {
    const last = runs.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += length;
    else runs.push({ offset, length, place });
    place += length;
  }
  return runs;
}

interface Fetching {
  readonly tools: DownloadTools;
  readonly pack: SignedFile;
  readonly runs: readonly Run[];
  /** Bytes in all. */
  readonly total: number;
  readonly file: ObjectsFile;
  readonly options: TransferOptions;
}

/** As `fillPart`: no total time limit, a ladder of attempts in a row that brought nothing. */
async function fetchAll(fetching: Fetching): Promise<Result<void>> {
  const { tools, file, total, options } = fetching;
  const meter = createRateMeter(tools.clock);
  const report = progressReporter(tools.clock, fetching, meter);
  let [fruitless, wrong] = [0, 0];
  while (file.length() < total) {
    const before = file.length();
    const outcome = await attempt(fetching, meter, report);
    if (options.signal?.aborted === true) return fail(cancelled());
    if (outcome.ok) {
      fruitless = 0;
      continue;
    }
    const { fault } = outcome;
    if (fault.code === 'digest-mismatch') {
      tools.reader.disown?.(targetFile(fetching.pack));
      wrong += 1;
    } else if (!isTransient(fault)) return outcome;
    fruitless = file.length() > before ? 0 : fruitless + 1;
    if (wrong > WRONG_OBJECTS_LIMIT || fruitless >= DOWNLOAD_LADDER.attempts) return outcome;
    meter.pause();
    const slept = await tools.clock.sleep(delayAfter(DOWNLOAD_LADDER, fruitless + 1, fault), options.signal);
    if (slept === 'aborted') return fail(cancelled());
  }
  report('now');
  return succeed();
}

/** One request: from where the file ends to the end of the run that this place is in. */
async function attempt(fetching: Fetching, meter: RateMeter, report: () => void): Promise<Result<void>> {
  const { tools, pack, runs, file, options } = fetching;
  const at = file.length();
  const run = runs.findLast(({ place }) => place <= at);
  if (run === undefined) return fail(faultOf('unexpected', 'no part of the pack is at this place'));
  const from = run.offset + at - run.place;
  const until = run.offset + run.length;
  const wish = { from, until, length: pack.length, signal: options.signal };
  meter.pause();
  const opened = await tools.reader.openRange(targetFile(pack), wish);
  if (!opened.ok) return opened;
  const taken =
    opened.value.start === from
      ? await take(fetching, opened.value.body, until - from, meter, report)
      : fail(faultOf('archive-invalid', 'the server does not give parts of a file'));
  await opened.value.discard();
  return taken;
}

async function take(
  { file }: Fetching,
  body: AsyncIterable<Result<Uint8Array>>,
  wanted: number,
  meter: RateMeter,
  report: () => void,
): Promise<Result<void>> {
  let left = wanted;
  for await (const piece of body) {
    if (!piece.ok) return piece;
    // A server that sends on is not listened to any longer.
    const part = piece.value.subarray(0, left);
    const appended = await file.append(part);
    if (!appended.ok) return appended;
    left -= part.length;
    meter.add(part.length);
    report();
    if (left === 0) return succeed();
    if (meter.isTooSlow()) return fail(tooSlow());
  }
  return fail(faultOf('body-truncated', `${wanted - left} of ${wanted} bytes came`));
}

function progressReporter(clock: Clock, fetching: Fetching, meter: RateMeter): (when?: 'now') => void {
  let last = -Infinity;
  return (when) => {
    const now = clock.monotonic();
    if (when === undefined && now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    const { file, total, options } = fetching;
    options.onProgress?.({ doneBytes: file.length(), totalBytes: total, rate: meter.rate() });
  };
}
