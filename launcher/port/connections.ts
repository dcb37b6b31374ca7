import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PortLimits } from './limits.ts';

interface Connection {
  readonly socket: Duplex;
  /** Undefined on the local channel. */
  readonly address: string | undefined;
  /** The request that is being served, if its head has arrived. */
  request?: FastifyRequest['raw'] | undefined;
}

/**
 * Caps the connections of a listener so that idle ones never keep an honest client out.
 *
 * Beyond a cap the oldest connection that has no whole request is closed in favour of the new one: whoever opens
 * hundreds without asking anything only pushes out his own. Only when all are being served is the new one refused.
 */
export function capConnections(
  server: FastifyInstance['server'],
  limits: Pick<PortLimits, 'connections' | 'connectionsPerAddress'>,
): void {
  const connections = new Map<unknown, Connection>();

  server.on('connection', (socket: Duplex) => {
    const { key, address } = peerOf(socket);
    const all = [...connections.values()];
    const neighbours = address === undefined ? [] : all.filter((connection) => connection.address === address);
    if (!makeRoom(neighbours, limits.connectionsPerAddress) || !makeRoom(all, limits.connections)) {
      socket.destroy();
      return;
    }
    connections.set(key, { socket, address });
    socket.once('close', () => connections.delete(key));
  });
  server.on('request', (request: FastifyRequest['raw'], response: FastifyReply['raw']) => {
    const connection = connections.get(peerOf(request.socket).key);
    if (connection === undefined) return;
    connection.request = request;
    response.once('close', () => {
      if (connection.request === request) connection.request = undefined;
    });
  });
}

/** Says whether one more fits, after closing the oldest idle one if need be. `connections` is in order of arrival. */
function makeRoom(connections: readonly Connection[], cap: number): boolean {
  const open = connections.filter(({ socket }) => !socket.destroyed);
  if (open.length < cap) return true;
  const idle = open.find(({ request }) => request === undefined || !request.complete);
  idle?.socket.destroy();
  return idle !== undefined;
}

/** Under TLS a request knows the encrypted stream and a connection the plain one: address and port belong to both. */
function peerOf(socket: Duplex): { readonly key: unknown; readonly address: string | undefined } {
  const address =
    'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : undefined;
  const port = 'remotePort' in socket && typeof socket.remotePort === 'number' ? socket.remotePort : undefined;
  return address === undefined || port === undefined
    ? { key: socket, address: undefined }
    : { key: `${address} ${port}`, address };
}

/** Counts event streams, in all and per address. */
export interface StreamSlots {
  /** Undefined when all are taken; else gives the slot back when called. */
  take(address: string): (() => void) | undefined;
}

export function createStreamSlots(limits: Pick<PortLimits, 'eventStreams' | 'eventStreamsPerAddress'>): StreamSlots {
  const taken = new Map<symbol, string>();
  return {
    take(address) {
      const near = [...taken.values()].filter((other) => other === address);
      if (taken.size >= limits.eventStreams || near.length >= limits.eventStreamsPerAddress) return undefined;
      const slot = Symbol(address);
      taken.set(slot, address);
      return () => void taken.delete(slot);
    },
  };
}
