import { spawn } from 'node:child_process';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { exitOfChild } from '../node/child-registry.ts';
import { networkFault } from '../node/network-fault.ts';
import { faultOf } from '../fault.ts';
import type { ListeningSocket, OpenListeningSocket } from '../listening-socket.ts';
import { fail, type Result, succeed } from '../result.ts';

/** First word of the command line of the process that makes a socket listen. */
export const LISTENING_HELPER = 'listen-on-inherited-socket';

/** The first descriptor that a service manager hands over (sd_listen_fds(3)); the helper and the server get it alike. */
export const INHERITED_DESCRIPTOR = 3;

/** Connections that may wait; the system cuts it to its own limit (`net.core.somaxconn`). */
const BACKLOG = 4_096;
const HELPER_LIMIT_MS = 20_000;

/** What Node's own `cluster` shares a port with: a bound socket from which nobody has to accept. */
interface ServerHandle {
  readonly fd: number;
  /** Tells the error of its bind(2), too, which libuv keeps until it is asked for something. */
  getsockname(name: object): number;
  listen(backlog: number): number;
  close(): void;
}
type CreateServerHandle = (
  address: string | undefined,
  port: number | undefined,
  family: 4 | 6 | undefined,
  descriptor: number | undefined,
  flags: number,
) => ServerHandle | number;
const { _createServerHandle: createServerHandle } = net as unknown as { _createServerHandle: CreateServerHandle };

/**
 * Opens sockets for children. A process of Node's that calls listen(2) itself also begins to accept, and cannot be told not
 * to: a short life of this very program calls it instead, on the socket that both have open.
 *
 * @param self how to run this program again
 */
export function createListeningSockets(self: readonly string[]): OpenListeningSocket {
  return async (host, port) => {
    const bound = bind(host, port);
    if (!bound.ok) return bound;
    const listens = await beginListening(self, bound.value.fd);
    if (!listens.ok) {
      bound.value.close();
      return listens;
    }
    return succeed(socketOf(bound.value));
  };
}

/** The helper's whole work: makes the socket that it inherited listen, and accepts nothing. True when it does. */
export function listenOnInheritedSocket(): boolean {
  const handle = createServerHandle(undefined, undefined, undefined, INHERITED_DESCRIPTOR, 0);
  return typeof handle !== 'number' && handle.listen(BACKLOG) === 0;
}

const ANY_ADDRESS = { both: '::', old: '0.0.0.0' };

function bind(host: string, port: number): Result<ServerHandle> {
  const handle = createServerHandle(host, port, host.includes(':') ? 6 : 4, undefined, 0);
  const error = typeof handle === 'number' ? handle : handle.getsockname({});
  if (typeof handle !== 'number' && error === 0) return succeed(handle);
  if (typeof handle !== 'number') handle.close();
  const code = getSystemErrorName(error);
  const lacksIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
  if (host === ANY_ADDRESS.both && lacksIpv6) return bind(ANY_ADDRESS.old, port);
  return fail(networkFault('listen', `${host}:${port}`, Object.assign(new Error(code), { code })));
}

async function beginListening([command = '', ...args]: readonly string[], descriptor: number): Promise<Result<void>> {
  const child = spawn(command, [...args, LISTENING_HELPER], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    env: {},
    timeout: HELPER_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const error = new Promise<Error>((resolve) => child.once('error', resolve));
  const end = await Promise.race([exitOfChild(child), error]);
  if (!(end instanceof Error) && end.kind === 'exited' && end.code === 0) return succeed();
  const how = end instanceof Error ? end.message : JSON.stringify(end);
  return fail(faultOf('command-failed', `the process that makes a socket listen failed: ${how}`, { path: command }));
}

function socketOf(handle: ServerHandle): ListeningSocket {
  let open = true;
  return {
    descriptor: handle.fd,
    close() {
      // A handle that is closed twice ends the process.
      if (open) handle.close();
      open = false;
    },
  };
}
