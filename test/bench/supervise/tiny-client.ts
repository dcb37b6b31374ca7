import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The pid of the server that accepts on the port now; undefined when nobody does. */
export function askServer(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let text = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text === '' ? undefined : Number(text)));
  });
}

/** Asks until another server than `old` answers; undefined when the time is over. */
export async function awaitServer(port: number, old: number | undefined, limitMs: number): Promise<number | undefined> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const pid = await askServer(port);
    if (pid !== undefined && pid !== old) return pid;
    await sleep(5);
  }
  return undefined;
}
