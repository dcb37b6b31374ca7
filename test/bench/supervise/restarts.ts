import { setTimeout as sleep } from 'node:timers/promises';
import type { Herald } from './herald.ts';
import type { Supervisor } from './supervisor.ts';
import { awaitServer } from './tiny-client.ts';

/** Milliseconds from the kill of the child to the next one that accepts. */
export interface Restarts {
  readonly median: number;
  readonly p99: number;
  readonly samples: number;
  /** Kills after which no server came within the limit. */
  readonly missed: number;
}

/** How long a child is left in peace before it counts as settled: more than the 10 s after which ours restarts at once. */
const SETTLED_MS = 11_000;
const RESTART_LIMIT_MS = 15_000;

/**
 * Kills settled children, one at a time over all supervisors.
 *
 * A round takes as long as ours needs to settle; several sites of each supervisor are struck in it, one after the other.
 */
export async function measureSettled(
  herald: Herald,
  sites: readonly Supervisor[],
  rounds: number,
): Promise<ReadonlyMap<string, Restarts>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    for (const [index, site] of sites.entries()) {
      const rest = (SETTLED_MS * index) / sites.length - (performance.now() - began);
      if (rest > 0) await sleep(rest);
      const took = await strike(herald, site, RESTART_LIMIT_MS);
      times.set(site.name, [...(times.get(site.name) ?? []), took ?? NaN]);
    }
    await sleep(Math.max(0, SETTLED_MS + 500 - (performance.now() - began)));
  }
  return new Map([...times].map(([name, list]) => [name, summarize(list)]));
}

/** Kills the child as soon as it accepts, again and again, as often as wanted or the time allows. */
export async function measureBurst(
  herald: Herald,
  site: Supervisor,
  kills: number,
  limitMs: number,
): Promise<Restarts> {
  const times: number[] = [];
  const deadline = performance.now() + limitMs;
  while (times.length < kills && performance.now() < deadline) {
    const took = await strike(herald, site, deadline - performance.now());
    times.push(took ?? NaN);
    if (took === undefined) break;
  }
  return summarize(times);
}

async function strike(herald: Herald, site: Supervisor, limitMs: number): Promise<number | undefined> {
  const pid = await awaitServer(site.port, undefined, limitMs);
  if (pid === undefined) return undefined;
  const accepting = herald.next(site.port, limitMs);
  const began = performance.now();
  process.kill(pid, 'SIGKILL');
  const at = await accepting;
  // It says so itself: it has to be true.
  const next = await awaitServer(site.port, pid, limitMs);
  return at === undefined || next === undefined ? undefined : at - began;
}

function summarize(times: readonly number[]): Restarts {
  const seen = times.filter((time) => !Number.isNaN(time)).sort((one, other) => one - other);
  const at = (share: number): number => seen[Math.min(seen.length - 1, Math.floor(share * seen.length))] ?? NaN;
  return { median: at(0.5), p99: at(0.99), samples: seen.length, missed: times.length - seen.length };
}
