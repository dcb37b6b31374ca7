import type { Result } from './result.ts';

/** A TCP socket that listens, and from which this process itself never accepts: it is for the children that get it. */
export interface ListeningSocket {
  /** For `SpawnRequest.socket`, until it is closed. */
  readonly descriptor: number;
  close(): void;
}

/**
 * Opens such a socket. Host `::` means every address of the machine, those of IPv4 included.
 *
 * Errors: `port-in-use`, `no-permission` (a port below 1024, mostly), `connection-failed`, `command-failed`.
 */
export type OpenListeningSocket = (host: string, port: number) => Promise<Result<ListeningSocket>>;
