import { faultOf } from '../../platform/fault.ts';
import type { Network } from '../../platform/network.ts';
import { fail, type Result } from '../../platform/result.ts';
import type { TcpProbe } from '../server-options.ts';

/** Ready when a TCP connection can be opened. */
export async function probeTcp(network: Network, probe: TcpProbe): Promise<Result<void>> {
  const tried = await network.tryTcp(probe.host, probe.port, probe.timeoutMs);
  if (tried.ok) return tried;
  return fail(
    faultOf('server-unhealthy', `the server does not accept connections on port ${probe.port}`, {
      values: { probe: 'tcp', host: probe.host, port: probe.port },
      cause: tried.fault,
    }),
  );
}
