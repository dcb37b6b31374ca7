import type { Duplex } from 'node:stream';
import type { Clock } from '../../platform/clock.ts';
import type { HttpServer, ServedRequest, ServedResponse } from '../../platform/node/http-server.ts';
import type { PortLimits } from './limits.ts';

interface Connection {
  readonly socket: Duplex;
  /** Undefined on the local channel. */
  readonly address: string | undefined;
  /** The request that is being served, if its head has arrived. */
  request?: ServedRequest | undefined;
}

export interface CapContext {
  readonly clock: Clock;
  readonly limits: Pick<PortLimits, 'connections' | 'connectionsPerAddress' | 'settleMs'>;
  readonly closing: AbortSignal;
}

/**
 * Caps the connections of a listener so that idle ones never keep an honest client out.
 *
 * An address may exceed its share for a moment, in which an honest request is read and answered even when hundreds of
 * connections arrive with it; then its oldest connections without a whole request are closed. The total is a hard cap.
 */
export function capConnections(server: HttpServer['server'], context: CapContext): void {
  const { clock, limits, closing } = context;
  const connections = new Map<unknown, Connection>();
  const trimming = new Set<string>();

  async function trimLater(address: string): Promise<void> {
    if (trimming.has(address)) return;
    trimming.add(address);
    await clock.sleep(limits.settleMs, closing);
    trimming.delete(address);
    trim(neighboursOf(connections, address), limits.connectionsPerAddress);
  }

  server.on('connection', (socket: Duplex) => {
    const { key, address } = peerOf(socket);
    connections.set(key, { socket, address });
    socket.once('close', () => connections.delete(key));
    trim([...connections.values()], limits.connections);
    if (address === undefined) return;
    if (neighboursOf(connections, address).length > limits.connectionsPerAddress) void trimLater(address);
  });
  server.on('request', (request: ServedRequest, response: ServedResponse) => {
    const connection = connections.get(peerOf(request.socket).key);
    if (connection === undefined) return;
    connection.request = request;
    response.once('close', () => {
      if (connection.request === request) connection.request = undefined;
    });
  });
}

function neighboursOf(connections: ReadonlyMap<unknown, Connection>, address: string): readonly Connection[] {
  return [...connections.values()].filter((connection) => connection.address === address);
}

/** Closes what is too many, given in order of arrival: first the oldest that ask nothing, then the latest comers. */
function trim(connections: readonly Connection[], cap: number): void {
  const open = connections.filter(({ socket }) => !socket.destroyed);
  const excess = open.length - cap;
  if (excess <= 0) return;
  const [serving, idle] = [open.filter(isServing), open.filter((connection) => !isServing(connection))];
  for (const { socket } of [...idle, ...serving.toReversed()].slice(0, excess)) socket.destroy();
}

function isServing({ request }: Connection): boolean {
  return request?.complete === true;
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
