import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports from which systems draw those of outgoing connections, one of which would take a port that was free just now. */
const [LOWEST, BEYOND] = [15_000, 32_000];
const TRIES = 100;

/** A TCP port that nobody listens on at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const port = randomInt(LOWEST, BEYOND);
    if (await isFree(port, host)) return port;
  }
  throw new Error(`no free port was found in ${TRIES} tries`);
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
