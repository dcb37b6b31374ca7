import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { LookupFunction } from 'node:net';

/** Host names and the addresses that they stand for in one client; whoever pinned them has judged them. */
export interface PinnedNames {
  pin(host: string, addresses: readonly string[]): void;
  /** In the shape that `net.connect` takes; names that are not pinned are looked up as ever. */
  readonly lookup: LookupFunction;
}

export function createPinnedNames(): PinnedNames {
  const pinned = new Map<string, readonly LookupAddress[]>();
  return {
    pin: (host, addresses) => {
      pinned.set(
        host,
        addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
      );
    },
    lookup: (host, options, callback) => {
      const addresses = pinned.get(host);
      const [first] = addresses ?? [];
      if (addresses === undefined || first === undefined) {
        lookup(host, options, callback);
        return;
      }
      // Never in the same turn: the caller attaches its handlers after the call.
      process.nextTick(() => {
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      });
    },
  };
}
