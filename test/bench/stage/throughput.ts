import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SERVER = path.join(import.meta.dirname, 'busy-server.ts');
const WARM_UP_MS = 500;
const ALONE_MS = 5_000;

/** What a server that needs every core still gets done each second during an act, beside what it does alone: 1 is all. */
export async function throughputDuring(act: () => Promise<unknown>): Promise<number> {
  const before = await rateDuring(() => sleep(ALONE_MS));
  const during = await rateDuring(act);
  const after = await rateDuring(() => sleep(ALONE_MS));
  return during / ((before + after) / 2);
}

async function rateDuring(act: () => Promise<unknown>): Promise<number> {
  const servers = Array.from({ length: availableParallelism() }, () => fork(SERVER));
  await sleep(WARM_UP_MS);
  const startedAt = performance.now();
  await act();
  const counts = servers.map(async (server) => {
    const counted = once(server, 'message');
    server.send('stop');
    const [answered] = (await counted) as [number];
    return answered;
  });
  const answered = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  return answered / (performance.now() - startedAt + WARM_UP_MS);
}
