import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds open now, as /proc shows it: `socket:[…]`, `pipe:[…]`, a path. */
export function descriptorsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // Closed between the two calls.
      return [];
    }
  });
}

/** VmRSS, bytes. */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no VmRSS`);
  return Number(kibibytes) * 1024;
}

/** The first of one life's samples: caches fill, code is compiled. */
const WARM_UP = 5;
const FEWEST = 12;

/**
 * By how much one life's samples grew, in percent: the median of the last quarter against that of the first quarter after the
 * warm-up, so that one late garbage collection decides nothing. Undefined when there are too few to say. Pure.
 */
export function growthPercent(samples: readonly number[]): number | undefined {
  const warm = samples.slice(WARM_UP);
  if (warm.length < FEWEST) return undefined;
  const quarter = Math.ceil(warm.length / 4);
  const [first, last] = [median(warm.slice(0, quarter)), median(warm.slice(-quarter))];
  return Math.round((last / first - 1) * 1_000) / 10;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new Error('the median of nothing');
  return (low + high) / 2;
}
