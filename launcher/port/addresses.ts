const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6_LITERAL = /^\[[0-9a-f:.]+\]$/;
const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/;

/** Is this listening host or peer address one that only this machine can reach? */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  return plain === 'localhost' || plain === '::1' || (IPV4.test(plain) && plain.startsWith('127.'));
}

/** The host of a `Host` header or an origin's authority, without its port, lower-case; undefined when malformed. */
export function hostWithoutPort(authority: string): string | undefined {
  return HOST_HEADER.exec(authority.toLowerCase())?.[1]?.replace(/\.$/, '');
}

/** A page on a foreign name can be made to resolve to us, but never a page on an address: addresses cannot be rebound. */
export function isAddressLiteral(host: string): boolean {
  return IPV4.test(host) || IPV6_LITERAL.test(host);
}
