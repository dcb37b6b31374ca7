import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../kit/until.ts';
import { descriptorsOf, residentBytes } from './figures.ts';

/** What one launcher holds while nothing happens, over its life. */
export interface Rests {
  readonly pid: number;
  /** VmRSS, bytes, a sample a cycle. */
  readonly resident: number[];
  /** Counts: the first after one whole order, then every few cycles. */
  readonly descriptors: number[];
  /** What more than at first is held at the last look. */
  more: readonly string[];
}

/** Users have left and all has been told; connections that are kept for a next request end meanwhile. */
const SETTLE_MS = 1_000;
const [IDLE_CONNECTIONS_MS, DESCRIPTORS_LIMIT_MS, LOOK_EACH_MS] = [5_500, 15_000, 100];

export function restsOf(pid: number): Rests {
  return { pid, resident: [], descriptors: [], more: [] };
}

export async function sampleMemory(rests: Rests): Promise<void> {
  await sleep(SETTLE_MS);
  rests.resident.push(residentBytes(rests.pid));
}

/** The first time, the least that is seen within the longest time for which an idle connection is kept; later, back to that. */
export async function sampleDescriptors(rests: Rests): Promise<void> {
  const [first] = rests.descriptors;
  rests.descriptors.push(first === undefined ? await fewest(rests.pid) : await backTo(first, rests));
}

async function fewest(pid: number): Promise<number> {
  const end = performance.now() + IDLE_CONNECTIONS_MS;
  let least = Infinity;
  while (performance.now() < end) {
    least = Math.min(least, descriptorsOf(pid).length);
    await sleep(LOOK_EACH_MS);
  }
  return least;
}

async function backTo(first: number, rests: Rests): Promise<number> {
  let now = descriptorsOf(rests.pid);
  await until(
    () => {
      now = descriptorsOf(rests.pid);
      return now.length <= first;
    },
    'the descriptors of the first rest',
    DESCRIPTORS_LIMIT_MS,
  ).catch(() => undefined);
  rests.more = now.length > first ? now : [];
  return now.length;
}
