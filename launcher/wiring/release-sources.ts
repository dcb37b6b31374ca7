import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Log } from '../../platform/log.ts';
import type { HttpClientOptions } from '../../platform/network.ts';
import type { Platform } from '../../platform/platform.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createBandwidth } from '../../installer/repository/bandwidth.ts';
import { createOmuSource } from '../../installer/repository/omu-source.ts';
import type { ReleaseSource } from '../../installer/repository/release-source.ts';
import { createReleaseSource, type OpenReleaseSource } from '../../installer/repository/signed-repository.ts';
import type { Order } from '../../installer/update/order.ts';
import type { Configuration, Login, RepositoryPlace } from '../configuration/configuration.ts';
import { readSecret } from '../configuration/secret.ts';

/** Opens what an order asks for: the configured repository, or the order's own release file. */
export interface ReleaseSources {
  open(order: Pick<Order, 'fromFile' | 'acceptAged'>): Promise<Result<ReleaseSource>>;
  /** How the repository's HTTP client is made, for the same way in preflight. */
  clientOptions(): Promise<Result<HttpClientOptions>>;
  close(): Promise<void>;
}

/** Bytes of a root.json, of a certificate bundle. */
const ROOT_LIMIT = 512_000;
const CERTIFICATES_LIMIT = 1_048_576;

/** The repository is opened once and kept; a file is opened for each order. */
export function createReleaseSources(platform: Platform, configuration: Configuration, log: Log): ReleaseSources {
  let repository: OpenReleaseSource | undefined;
  const openRepository = async (): Promise<Result<ReleaseSource>> => {
    if (repository === undefined) {
      const opened = await openConfigured(platform, configuration, log);
      if (!opened.ok) {
        return opened;
      }
      repository = opened.value;
    }
    return succeed(repository);
  };
  return {
    open: async ({ fromFile, acceptAged }) =>
      fromFile === undefined ? openRepository() : openFile(platform, configuration, log, fromFile, acceptAged ?? false),
    clientOptions: async () => clientOptions(platform, configuration),
    async close() {
      await repository?.close();
    },
  };
}

async function openConfigured(
  platform: Platform,
  configuration: Configuration,
  log: Log,
): Promise<Result<OpenReleaseSource>> {
  const { repository, mirrors, bytesPerSecond } = configuration.updates;
  if (repository === undefined) {
    return fail(
      faultOf('configuration-invalid', 'no repository is configured (updates.repository)', {
        path: configuration.file,
      }),
    );
  }
  const trust = await trustOptions(platform, configuration);
  const client = await clientOptions(platform, configuration);
  if (!trust.ok || !client.ok) {
    return trust.ok ? (client as Result<never>) : trust;
  }
  return createReleaseSource(
    { ...platform, log },
    {
      ...trust.value,
      ...client.value,
      location: locationOf(repository),
      mirrors: mirrors.map(locationOf),
      ...(bytesPerSecond === undefined ? {} : { bandwidth: createBandwidth(platform.clock, bytesPerSecond) }),
    },
  );
}

function locationOf(place: RepositoryPlace): string {
  return place.kind === 'web' ? place.url : place.path;
}

async function openFile(
  platform: Platform,
  configuration: Configuration,
  log: Log,
  file: string,
  acceptAged: boolean,
): Promise<Result<ReleaseSource>> {
  const trust = await trustOptions(platform, configuration);
  return trust.ok ? createOmuSource({ ...platform, log }, { ...trust.value, file, acceptAged }) : trust;
}

interface Trust {
  readonly product: string;
  readonly channel: string;
  readonly platform: string;
  readonly stateFolder: string;
  readonly root: Uint8Array;
}

async function trustOptions({ files, machine }: Platform, configuration: Configuration): Promise<Result<Trust>> {
  const { updates, product, file } = configuration;
  if (updates.root === undefined || product === undefined) {
    return fail(faultOf('configuration-invalid', 'product and updates.root are needed for updates', { path: file }));
  }
  const root = await files.readBytes(updates.root, ROOT_LIMIT);
  if (!root.ok) {
    return root;
  }
  return succeed({
    product,
    channel: updates.channel,
    platform: machine.platform,
    stateFolder: join(configuration.stateFolder, 'trusted'),
    root: root.value,
  });
}

async function clientOptions(platform: Platform, { updates }: Configuration): Promise<Result<HttpClientOptions>> {
  const ca =
    updates.ca === undefined ? succeed(undefined) : await platform.files.readText(updates.ca, CERTIFICATES_LIMIT);
  if (!ca.ok) {
    return ca;
  }
  const authorities = ca.value === undefined ? {} : { certificateAuthorities: ca.value };
  switch (updates.proxy.kind) {
    case 'none':
      return succeed(authorities);
    case 'environment':
      return succeed({ ...authorities, proxy: 'environment' });
    case 'explicit': {
      const proxy = { ...authorities, proxy: { url: updates.proxy.url } };
      const login = updates.proxy.login;
      return login === undefined ? succeed(proxy) : withLogin(platform, proxy, login);
    }
  }
}

async function withLogin(
  platform: Platform,
  options: HttpClientOptions,
  login: Login,
): Promise<Result<HttpClientOptions>> {
  const password = await readSecret(login.password, platform.files, platform.machine);
  if (!password.ok) {
    return password;
  }
  const credentials = Buffer.from(`${login.user}:${password.value}`).toString('base64');
  return succeed({ ...options, proxyAuthorization: `Basic ${credentials}` });
}
