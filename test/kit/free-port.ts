import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports from which systems draw those of outgoing connections, one of which would take a port that was free just now. */
const [LOWEST, BEYOND] = [15_000, 32_000];
const TRIES = 100;
/** The workers of one run draw from ports of their own: between the look and the use of a port there are seconds. */
const WORKER = process.env['VITEST_POOL_ID'];
/** At least as many as there are workers. */
const SHARES = 4;
/** Nor is a port given twice, which may be waiting for its server to start. */
const given = new Set<number>();

/** A TCP port that nobody listens on at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const port = draw();
    if (given.has(port) || !(await isFree(port, host))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port was found in ${TRIES} tries`);
}

function draw(): number {
  const port = randomInt(LOWEST, BEYOND);
  return WORKER === undefined ? port : port - (port % SHARES) + (Number(WORKER) % SHARES);
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
