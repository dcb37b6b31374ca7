import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Hears from each tiny server the moment at which it accepts.
 *
 * Whoever asks for the moment again and again takes a core from the supervisor and the server whose time is taken.
 */
export interface Herald {
  /** Where the servers send their word: a UDP port of 127.0.0.1. */
  readonly port: number;
  /** When the next server on this port accepts, by `performance.now()`; undefined when the time is over. */
  next(serverPort: number, limitMs: number): Promise<number | undefined>;
  close(): void;
}

export async function openHerald(): Promise<Herald> {
  const socket = createSocket('udp4');
  const waiting = new Map<number, (at: number) => void>();
  socket.on('message', (word) => waiting.get(Number(word.toString()))?.(performance.now()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    next: (serverPort, limitMs) => {
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      const end = setTimeout(() => resolve(undefined), limitMs);
      waiting.set(serverPort, resolve);
      return promise.finally(() => {
        clearTimeout(end);
        waiting.delete(serverPort);
      });
    },
    close: () => socket.close(),
  };
}
