import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { HttpClientOptions, Network } from '../../platform/network.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { type Bandwidth, limitReader } from './bandwidth.ts';
import { createFolderReader } from './folder-reader.ts';
import { createHttpReader } from './http-reader.ts';
import { delegatedRoleName, isChannel, isPlatform, isProduct } from './layout.ts';
import { parseLocation, type RepositoryLocation } from './location.ts';
import { createMetadataClient, type MetadataClient } from './metadata-client.ts';
import { createMirroredMetadata, type MetadataCopy } from './mirrored-metadata.ts';
import { createMirroredReader, type RepositoryCopy } from './mirrored-reader.ts';
import type { Wanted } from './release-list.ts';
import type { ReleaseSource } from './release-source.ts';
import type { RepositoryReader } from './repository-reader.ts';
import { createSignedSource } from './signed-source.ts';

export interface ReleaseSourceDependencies {
  readonly clock: Clock;
  readonly files: Files;
  readonly network: Network;
  readonly log: Log;
}

export interface TrustOptions extends Wanted {
  /** Where trusted metadata and the version floor are kept; closed to other accounts. */
  readonly stateFolder: string;
  /** The first trusted root, as bytes: embedded in the launcher, or read from `updates.root`. */
  readonly root: Uint8Array;
  /** When this launcher was built, wall clock: a clock before it is wrong. */
  readonly builtAtMs?: number;
}

export interface ReleaseSourceOptions extends TrustOptions {
  /** `http:`, `https:` or `file:` URL, or an absolute path. */
  readonly location: string;
  /** Copies of the repository, written like `location`, in the order in which they are asked for large files. */
  readonly mirrors?: readonly string[];
  /** What all transfers of the launcher share. */
  readonly bandwidth?: Bandwidth;
  /** Further hosts (`name` or `name:port`) to which the repository may redirect. */
  readonly redirectHosts?: readonly string[];
  /** The repository's host name may resolve to this machine; a loopback address in `location` says so by itself. */
  readonly allowLoopback?: boolean;
  readonly proxy?: HttpClientOptions['proxy'];
  readonly proxyAuthorization?: string;
  /** Additional certificate authorities, PEM. There is no switch that turns verification off. */
  readonly certificateAuthorities?: string;
}

/** A source and what it holds open. */
export interface OpenReleaseSource extends ReleaseSource {
  close(): Promise<void>;
}

/**
 * Opens a TUF repository as a source of releases for one product, channel and platform; nothing is asked for yet.
 *
 * Errors: `configuration-invalid` when the location, product, channel or platform cannot be one.
 */
export function createReleaseSource(
  dependencies: ReleaseSourceDependencies,
  options: ReleaseSourceOptions,
): Result<OpenReleaseSource> {
  const wanted = checkWanted(options);
  if (!wanted.ok) return wanted;
  const copies = openCopies(dependencies, options);
  if (!copies.ok) return copies;
  const { clock, files, log } = dependencies;
  const { reader, client } = joinCopies(dependencies, copies.value, options);
  const source = createSignedSource({ clock, files, log, reader, client }, wanted.value);
  return succeed(Object.assign(source, { close: () => reader.close() }));
}

/** The repository first, then its mirrors. */
function openCopies(
  dependencies: ReleaseSourceDependencies,
  options: ReleaseSourceOptions,
): Result<readonly [RepositoryCopy, ...RepositoryCopy[]]> {
  const copies: RepositoryCopy[] = [];
  for (const name of [options.location, ...(options.mirrors ?? [])]) {
    const location = parseLocation(name);
    if (!location.ok) return location;
    const reader = openReader(dependencies, location.value, options);
    copies.push({ name, reader: options.bandwidth === undefined ? reader : limitReader(reader, options.bandwidth) });
  }
  return succeed(copies as [RepositoryCopy, ...RepositoryCopy[]]);
}

/** One reader and one metadata client over all copies; with a single one, its own. */
function joinCopies(
  dependencies: ReleaseSourceDependencies,
  [repository, ...mirrors]: readonly [RepositoryCopy, ...RepositoryCopy[]],
  options: TrustOptions,
): { readonly reader: RepositoryReader; readonly client: MetadataClient } {
  const { clock, files, log } = dependencies;
  const clientOf = ({ name, reader }: RepositoryCopy): MetadataCopy => ({
    name,
    client: createMetadataClient({ clock, files, log, reader }, clientOptions(options)),
  });
  const own = clientOf(repository);
  if (mirrors.length === 0) return { reader: repository.reader, client: own.client };
  const joined = createMirroredReader(repository, mirrors, { clock, log });
  let host = repository.reader.host;
  const metadata = createMirroredMetadata(own, mirrors.map(clientOf), log, (served) => {
    host = [repository, ...mirrors].find(({ name }) => name === served)?.reader.host;
    joined.forgive();
  });
  const reader: RepositoryReader = {
    ...joined,
    // Whoever gave the metadata is who has to be reached.
    get host() {
      return host;
    },
  };
  return { reader, client: metadata };
}

/** Errors: `configuration-invalid`. */
export function checkWanted(wanted: Wanted): Result<Wanted> {
  const { product, channel, platform } = wanted;
  if (!isProduct(product)) return unusable('product', product);
  if (!isChannel(channel)) return unusable('channel', channel);
  if (!isPlatform(platform)) return unusable('platform', platform);
  return succeed({ product, channel, platform });
}

export function clientOptions(options: TrustOptions): {
  readonly role: string;
  readonly stateFolder: string;
  readonly root: Uint8Array;
  readonly builtAtMs: number | undefined;
} {
  const { product, channel, stateFolder, root, builtAtMs } = options;
  return { role: delegatedRoleName(product, channel), stateFolder, root, builtAtMs };
}

function openReader(
  dependencies: ReleaseSourceDependencies,
  location: RepositoryLocation,
  options: ReleaseSourceOptions,
): RepositoryReader {
  if (location.kind === 'folder') return createFolderReader(dependencies.files, location.path);
  const { proxy, proxyAuthorization, certificateAuthorities } = options;
  const client = dependencies.network.httpClient({
    ...(proxy === undefined ? {} : { proxy }),
    ...(proxyAuthorization === undefined ? {} : { proxyAuthorization }),
    ...(certificateAuthorities === undefined ? {} : { certificateAuthorities }),
  });
  const rule = {
    repository: location.url,
    redirectHosts: options.redirectHosts ?? [],
    allowLoopback: options.allowLoopback ?? false,
  };
  const proxied = proxy === undefined ? 'no' : proxy === 'environment' ? 'perhaps' : 'yes';
  return createHttpReader(dependencies.clock, { client, network: dependencies.network, rule, proxied });
}

function unusable(what: string, value: string): Result<never> {
  return fail(faultOf('configuration-invalid', `${JSON.stringify(value)} cannot be a ${what}`));
}
