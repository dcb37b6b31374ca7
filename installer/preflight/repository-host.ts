import { faultOf } from '../../platform/fault.ts';
import type { Machine } from '../../platform/machine.ts';
import type { HttpClientOptions, Network } from '../../platform/network.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightRun, RepositoryHost } from './check.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const GATEWAY_FAILURES = [502, 503, 504];

/** The repository can be reached: name, connection, certificate; through the proxy where one is used. */
export const checkRepositoryHost: PreflightRun = async ({ network, machine }, { repository }) => {
  if (repository === undefined) return succeed('no host needed');
  return usesProxy(repository.client, machine) ? tryProxy(network, repository) : tryDirectly(network, repository);
};

function usesProxy({ proxy }: HttpClientOptions, { environment }: Machine): boolean {
  if (proxy !== 'environment') return proxy !== undefined;
  return ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((name) => Boolean(environment[name]));
}

async function tryDirectly(network: Network, { name, port, secure, client }: RepositoryHost): Promise<Result<string>> {
  const addresses = await network.resolve(name);
  if (!addresses.ok) return addresses;
  const connected = await network.tryTcp(name, port, CONNECT_TIMEOUT_MS);
  if (!connected.ok) return connected;
  if (!secure) return succeed(`${name}:${port} answers (${addresses.value.join(', ')})`);
  const trusted = await network.tryTls(name, port, CONNECT_TIMEOUT_MS, client.certificateAuthorities);
  return trusted.ok ? succeed(`${name}:${port} answers with a valid certificate`) : trusted;
}

/** Behind a proxy only the proxy resolves and connects: one request shows all of it. Any answer of the host is good. */
async function tryProxy(network: Network, { name, port, secure, client }: RepositoryHost): Promise<Result<string>> {
  if (typeof client.proxy === 'object') {
    const reached = await tryProxyHost(network, client.proxy.url);
    if (!reached.ok) return reached;
  }
  const host = name.includes(':') ? `[${name}]` : name;
  const http = network.httpClient(client);
  try {
    const response = await http.request({
      url: `${secure ? 'https' : 'http'}://${host}:${port}/`,
      method: 'HEAD',
      headTimeoutMs: CONNECT_TIMEOUT_MS,
      idleTimeoutMs: CONNECT_TIMEOUT_MS,
    });
    if (!response.ok) return response;
    await response.value.discard();
    const { status } = response.value;
    if (status === 407) return fail(faultOf('proxy-authentication', 'the proxy asks for a name and a password'));
    if (GATEWAY_FAILURES.includes(status)) {
      return fail(faultOf('proxy-failed', `the proxy could not reach ${name}`, { values: { status } }));
    }
    return succeed(`${name}:${port} answers through the proxy`);
  } finally {
    await http.close();
  }
}

async function tryProxyHost(network: Network, address: string): Promise<Result<void>> {
  const url = URL.parse(address);
  if (url === null) return fail(faultOf('proxy-failed', 'the address of the proxy is not a URL'));
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const reached = await network.tryTcp(host, port, CONNECT_TIMEOUT_MS);
  if (reached.ok) return reached;
  const values = { host, port };
  return fail(faultOf('proxy-failed', 'the proxy cannot be reached', { values, cause: reached.fault }));
}
