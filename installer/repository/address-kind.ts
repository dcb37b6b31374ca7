/** What kind of network an IP address belongs to, as far as it matters for whom we may ask. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'link-local' | 'reserved';

/** IANA special-purpose registries (RFC 6890 and successors); the first match counts. */
const RANGES: readonly (readonly [range: string, kind: AddressKind])[] = [
  ['0.0.0.0/8', 'reserved'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'private'],
  ['224.0.0.0/3', 'reserved'],
  ['::1/128', 'loopback'],
  ['::/128', 'reserved'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'reserved'],
];

/** IPv6 blocks that carry an IPv4 address in their last four bytes (mapped, compatible, NAT64). */
const CARRIERS = ['::ffff:0:0/96', '::/96', '64:ff9b::/96'];

interface Range {
  readonly bytes: readonly number[];
  readonly bits: number;
}

const PARSED_RANGES = RANGES.map(([range, kind]) => ({ range: parseRange(range), kind }));
const PARSED_CARRIERS = CARRIERS.map(parseRange);

/** The kind of an address in text form (brackets and zone allowed); undefined when it is a name. */
export function addressKind(text: string): AddressKind | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : kindOf(bytes);
}

function kindOf(bytes: readonly number[]): AddressKind {
  const match = PARSED_RANGES.find(({ range }) => isWithin(bytes, range));
  if (match !== undefined) return match.kind;
  const carried = bytes.length === 16 && PARSED_CARRIERS.some((carrier) => isWithin(bytes, carrier));
  return carried ? kindOf(bytes.slice(12)) : 'public';
}

function isWithin(bytes: readonly number[], range: Range): boolean {
  if (bytes.length !== range.bytes.length) return false;
  return range.bytes.every((wanted, index) => {
    const bits = Math.min(8, Math.max(0, range.bits - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (((bytes[index] ?? 0) ^ wanted) & mask) === 0;
  });
}

function parseRange(text: string): Range {
  const [address = '', bits] = text.split('/');
  return { bytes: parseAddress(address) ?? [], bits: Number(bits) };
}

function parseAddress(text: string): readonly number[] | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return bare.includes(':') ? parseVersion6(bare) : parseVersion4(bare);
}

function parseVersion4(text: string): readonly number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseVersion6(text: string): readonly number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted === null ? [] : parseVersion4(dotted[2] ?? '');
  if (tail === undefined) return undefined;
  const groupsText = dotted === null ? text : (dotted[1] ?? '').replace(/([^:]):$/, '$1');
  const [head = '', rest, ...more] = groupsText.split('::');
  if (more.length > 0) return undefined;
  const left = parseGroups(head);
  const right = parseGroups(rest ?? '');
  if (left === undefined || right === undefined) return undefined;
  const missing = 16 - left.length - right.length - tail.length;
  if (rest === undefined ? missing !== 0 : missing < 0) return undefined;
  return [...left, ...new Array<number>(missing).fill(0), ...right, ...tail];
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => parseInt(group, 16)).flatMap((value) => [value >> 8, value & 0xff]);
}
