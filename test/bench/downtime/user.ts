import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

/** Somebody who is connected until he is told to leave: the update waits for him with everything staged. */
export interface User {
  /** Where he is counted. */
  readonly port: number;
  arrive(): Promise<void>;
  leave(): void;
  close(): void;
}

export async function openUser(): Promise<User> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let leave = (): void => undefined;
  return {
    port,
    async arrive() {
      const socket = connect({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      leave = () => {
        socket.destroy();
      };
    },
    leave: () => leave(),
    close() {
      leave();
      server.close();
    },
  };
}
