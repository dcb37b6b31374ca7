import { createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { openProc } from '../../../platform/linux/proc.ts';
import { createPortHolders } from '../../../platform/linux/sockets.ts';

test.runIf(process.platform === 'linux')(
  'a port that was given up has no holder, whenever the table was asked',
  async () => {
    let now = 0;
    const holders = createPortHolders(openProc(), () => now);
    const server = await listenOn(0);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const pids = async (): Promise<readonly (number | undefined)[]> =>
      (await holders(port)).map((holder) => holder?.pid);
    expect(await pids()).toEqual([process.pid]);
    expect(await pids()).toEqual([process.pid]);
    await closed(server);
    expect(await pids()).toEqual([]);
    const again = await listenOn(port);
    expect(await pids()).toEqual([process.pid]);
    now += 60_000;
    expect(await pids()).toEqual([process.pid]);
    await closed(again);
    expect(await pids()).toEqual([]);
  },
);

function listenOn(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

function closed(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
