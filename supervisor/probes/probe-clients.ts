import type { Files } from '../../platform/files.ts';
import { type HttpClient, isLoopbackName, type Network } from '../../platform/network.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { HttpProbe } from '../server-options.ts';

/** HTTP clients of the probes, kept between rounds: to parse all trusted authorities again takes tens of milliseconds. */
export interface ProbeClients {
  /** Fails when the file of authorities cannot be read. One that was changed counts from the next round on. */
  clientFor(probe: HttpProbe): Promise<Result<HttpClient>>;
  close(): Promise<void>;
}

/** Some hundred authorities. */
const AUTHORITIES_LIMIT_BYTES = 1024 * 1024;

interface Kept {
  readonly authorities: string | undefined;
  readonly client: HttpClient;
}

export function createProbeClients({
  files,
  network,
}: {
  readonly files: Files;
  readonly network: Network;
}): ProbeClients {
  const kept = new Map<string, Kept>();
  return {
    async clientFor(probe) {
      const read =
        probe.ca === undefined ? succeed(undefined) : await files.readText(probe.ca, AUTHORITIES_LIMIT_BYTES);
      if (!read.ok) return read;
      const authorities = read.value;
      const insecureLoopback = authorities === undefined && isOnLoopback(probe.url);
      const key = probe.ca ?? String(insecureLoopback);
      const before = kept.get(key);
      if (before?.authorities === authorities && before !== undefined) return succeed(before.client);
      const trust = authorities === undefined ? { insecureLoopback } : { certificateAuthorities: authorities };
      const client = network.httpClient(trust);
      kept.set(key, { authorities, client });
      await before?.client.close();
      return succeed(client);
    },
    async close() {
      await Promise.all([...kept.values()].map(({ client }) => client.close()));
      kept.clear();
    },
  };
}

/** There the server's own certificate is accepted: nobody else can be in between. Elsewhere it has to be trusted. */
function isOnLoopback(url: string): boolean {
  return URL.canParse(url) && isLoopbackName(new URL(url).hostname);
}
