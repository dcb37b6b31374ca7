import { faultOf } from '../../platform/fault.ts';
import type { HttpClient, HttpResponse, Network } from '../../platform/network.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { checkAddresses, checkRedirect, literalAddress, type RequestRule } from './request-rule.ts';

export const MAXIMUM_REDIRECTS = 3;
const HEAD_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 30_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface RequestTools {
  readonly client: HttpClient;
  readonly network: Pick<Network, 'resolve'>;
  readonly rule: RequestRule;
  /**
   * A proxy looks names up itself: what they resolve to here says nothing. `perhaps` (the environment decides): what does
   * resolve here is checked, what does not may be for the proxy.
   */
  readonly proxied: 'yes' | 'perhaps' | 'no';
}

/**
 * GET with redirects followed by hand, each hop checked before it is contacted.
 *
 * Whoever asks judges the status: it may be any but a redirect's. Errors: `redirect-refused`, network faults, `cancelled`.
 */
export async function get(
  tools: RequestTools,
  start: URL,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Result<HttpResponse>> {
  let url = start;
  for (let hops = 0; hops <= MAXIMUM_REDIRECTS; hops += 1) {
    const response = await requestOnce(tools, url, headers, signal);
    if (!response.ok || !REDIRECTS.has(response.value.status)) return response;
    await response.value.discard();
    const next = nextHop(tools.rule, url, response.value.headers['location']);
    if (!next.ok) return next;
    url = next.value;
  }
  return fail(faultOf('redirect-refused', `the repository redirects more than ${MAXIMUM_REDIRECTS} times`));
}

async function requestOnce(
  tools: RequestTools,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Result<HttpResponse>> {
  const addresses = await allowedAddresses(tools, url);
  if (!addresses.ok) return addresses;
  return tools.client.request({
    url: url.href,
    method: 'GET',
    // No coding: lengths in signed metadata are those of the plain bytes.
    headers: { 'accept-encoding': 'identity', ...headers },
    headTimeoutMs: HEAD_TIMEOUT_MS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    ...(addresses.value === undefined ? {} : { addresses: addresses.value }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What the connection may go to: looked up and checked once, so that a second look-up cannot say something else. */
async function allowedAddresses(tools: RequestTools, url: URL): Promise<Result<readonly string[] | undefined>> {
  const literal = literalAddress(url);
  if (literal === undefined && tools.proxied === 'yes') return succeed(undefined);
  const resolved = literal === undefined ? await tools.network.resolve(url.hostname) : succeed([literal]);
  if (!resolved.ok) return tools.proxied === 'perhaps' ? succeed(undefined) : resolved;
  const checked = checkAddresses(tools.rule, url, resolved.value);
  return checked.ok ? succeed(literal === undefined ? resolved.value : undefined) : checked;
}

function nextHop(rule: RequestRule, from: URL, location: string | undefined): Result<URL> {
  if (location === undefined || !URL.canParse(location, from.href)) {
    return fail(faultOf('redirect-refused', 'the repository redirects to an address that cannot be read'));
  }
  const to = new URL(location, from.href);
  const checked = checkRedirect(rule, from, to);
  return checked.ok ? succeed(to) : checked;
}
