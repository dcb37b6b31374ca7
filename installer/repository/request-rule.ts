import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { addressKind, type AddressKind } from './address-kind.ts';

/** Whom the repository reader may ask, as the configuration says it. */
export interface RequestRule {
  /** The configured repository. */
  readonly repository: URL;
  /** Further hosts to which the repository may redirect (`name` or `name:port`). */
  readonly redirectHosts: readonly string[];
  /** The repository's name may resolve to this very machine. A loopback address or `localhost` in its URL says so already. */
  readonly allowLoopback: boolean;
}

/**
 * May `from` send us on to `to`? Only to the same host or a configured one, and never from encrypted to plain.
 *
 * Errors: `redirect-refused`.
 */
export function checkRedirect(rule: RequestRule, from: URL, to: URL): Result<void> {
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    return refuse(to, `the scheme ${to.protocol} is not allowed`);
  if (from.protocol === 'https:' && to.protocol === 'http:') return refuse(to, 'it leads from HTTPS to plain HTTP');
  if (to.username !== '' || to.password !== '') return refuse(to, 'its address carries credentials');
  if (!isSameHost(rule.repository, to) && !isConfigured(rule, to)) return refuse(to, 'its host is not configured');
  return succeed();
}

/**
 * Are these addresses of `url`'s host such that we may connect? Every one must be: a name must not reach into the
 * machine or its network because somebody else's DNS says so.
 *
 * Errors: `redirect-refused`.
 */
export function checkAddresses(rule: RequestRule, url: URL, addresses: readonly string[]): Result<void> {
  const allowed = allowedKinds(rule, url);
  for (const address of addresses) {
    const kind = addressKind(address) ?? 'reserved';
    if (!allowed.has(kind)) return refuse(url, `its address ${address} is ${kind} and not configured as such`);
  }
  return succeed();
}

/** The host as a bare address when it is one; undefined for a name. */
export function literalAddress(url: URL): string | undefined {
  return addressKind(url.hostname) === undefined ? undefined : url.hostname.replace(/^\[|\]$/g, '');
}

function allowedKinds(rule: RequestRule, url: URL): ReadonlySet<AddressKind> {
  const configured = addressKind(rule.repository.hostname);
  const kinds = new Set<AddressKind>(['public']);
  if (configured !== undefined) kinds.add(configured);
  if (rule.allowLoopback || rule.repository.hostname === 'localhost') kinds.add('loopback');
  // A mirror in the customer's own network is configured by name; a redirect to another host is the network's wish, not his.
  if (configured === undefined && url.hostname === rule.repository.hostname) kinds.add('private');
  return kinds;
}

function isSameHost(repository: URL, to: URL): boolean {
  if (repository.hostname !== to.hostname) return false;
  return portOf(repository) === portOf(to) || (to.protocol === 'https:' && to.port === '');
}

function isConfigured(rule: RequestRule, to: URL): boolean {
  return rule.redirectHosts.some((host) => host === to.host || (host === to.hostname && to.port === ''));
}

/** The port in effect, also where the URL leaves it out. */
export function portOf(url: URL): number {
  return url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80;
}

function refuse(url: URL, reason: string): Result<never> {
  return fail(
    faultOf('redirect-refused', `the request to ${url.host} is refused: ${reason}`, { values: { host: url.host } }),
  );
}
