import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseDescription } from '../../../installer/publish/description.ts';
import type { Behaviour } from '../../programs/om-server/behaviour.ts';
import { type BundleOptions, makeBundle } from '../../programs/om-server/make-bundle.ts';
import { directoryFile, settingsFiles } from '../../programs/om-server/settings.ts';
import { openSite, type Site } from './site.ts';

export interface OmSiteOptions {
  readonly folder: string;
  readonly launcher?: readonly string[];
  /** Installed before the launcher ever ran. */
  readonly installed?: { readonly version: string; readonly dataFormat?: string; readonly behaviour?: Behaviour };
  readonly watchSeconds?: number;
  readonly delaySeconds?: number;
  readonly startLimitSeconds?: number;
  /** How every version behaves that is not told otherwise. */
  readonly behaviour?: Behaviour;
  /** Size of every bundle. */
  readonly size?: Pick<BundleOptions, 'smallFiles' | 'largeBytes' | 'extraFiles'>;
  /** Merged over the configuration's `server`, `server.health` and `updates`. */
  readonly server?: Record<string, unknown>;
  readonly health?: Record<string, unknown>;
  readonly updates?: Record<string, unknown>;
  /** Merged over the configuration's top level. */
  readonly configuration?: Record<string, unknown>;
}

export interface ReleaseOptions {
  /** From how many versions before it deltas are published. */
  readonly deltas?: number;
  readonly dataFormat?: string;
  readonly behaviour?: Behaviour;
  readonly size?: Pick<BundleOptions, 'smallFiles' | 'largeBytes' | 'extraFiles'>;
  readonly rollout?: ReleaseDescription['rollout'];
}

/** A machine with the stand-in OM Business Server, whose admin has made the usual local changes. */
export interface OmSite extends Site {
  readonly dataFile: string;
  /** Makes a release of the stand-in server and publishes it. */
  release(version: string, more?: ReleaseOptions): Promise<void>;
}

const CERTIFICATES = join(import.meta.dirname, '../../programs/om-server/certificates');

/** Local changes of the admin, by path in the bundle: what a carry-over must preserve byte for byte. */
export const LOCAL_CHANGES: Readonly<Record<string, Buffer>> = {
  'Server Database/Settings/settings.4DSettings': Buffer.from(
    settingsFiles({ cacheMegabytes: 1600 })['settings.4DSettings'],
  ),
  'Server Database/Settings/Backup.4DSettings': Buffer.from(settingsFiles({ backupHour: 3 })['Backup.4DSettings']),
  'Server Database/Settings/directory.json': Buffer.from(
    directoryFile([{ name: 'carla', password: 'carla', administrator: false }]),
  ),
  'Server Database/key.pem': readFileSync(join(CERTIFICATES, 'customer.key.pem')),
  'Server Database/cert.pem': readFileSync(join(CERTIFICATES, 'customer.cert.pem')),
  'Server Database/WebFolder/muster-logo.txt': Buffer.from('Muster AG\n'),
};

/** The installed name of the structure file: this customer runs a second instance on one machine. */
export const STRUCTURE = 'OM Business 2';

function changeLocally(bundle: string): void {
  for (const [path, content] of Object.entries(LOCAL_CHANGES)) {
    writeFileSync(join(bundle, path), content);
  }
  for (const ending of ['4DZ', '4DIndy']) {
    renameSync(
      join(bundle, `Server Database/OM Business.${ending}`),
      join(bundle, `Server Database/${STRUCTURE}.${ending}`),
    );
  }
}

export async function openOmSite(options: OmSiteOptions): Promise<OmSite> {
  const bundleName = 'OM Business';
  const site = await openSite({
    folder: options.folder,
    bundleName,
    ...(options.launcher === undefined ? {} : { launcher: options.launcher }),
    configure: ({ serverPort, webPort, dataFolder }) => ({
      product: 'business',
      server: {
        command: process.execPath,
        args: [
          '{bundle}/om-server.mjs',
          '--headless',
          '--data',
          join(dataFolder, 'Muster.4DD'),
          '--port',
          String(serverPort),
          '--web-port',
          String(webPort),
        ],
        port: serverPort,
        smoke: { args: ['{bundle}/om-server.mjs', '--version'] },
        start: { limitSeconds: options.startLimitSeconds ?? 15 },
        stop: { orderSeconds: 10, requestSeconds: 5, proveSeconds: 5 },
        health: {
          probes: [
            { type: 'tcp', port: serverPort },
            { type: 'http', url: `http://127.0.0.1:${webPort}/status` },
            { type: 'cooperative' },
          ],
          everySeconds: 0.5,
          watchSeconds: options.watchSeconds ?? 4,
          passes: 3,
          ...options.health,
        },
        ...options.server,
      },
      updates: { delaySeconds: options.delaySeconds ?? 12, ...options.updates },
      data: { paths: [join(dataFolder, 'Muster.4DD')] },
      ...options.configuration,
    }),
  });
  const dataFile = join(options.folder, 'Data', 'Muster.4DD');
  const installed = options.installed ?? { version: '2026.1.0' };
  const dataFormat = installed.dataFormat ?? '1';
  writeFileSync(dataFile, JSON.stringify({ format: dataFormat, records: ['Muster AG'] }));
  const behave = (own: Behaviour | undefined): { readonly behaviour?: Behaviour } =>
    options.behaviour === undefined && own === undefined ? {} : { behaviour: { ...options.behaviour, ...own } };
  const make = async (folder: string, version: string, more: Partial<BundleOptions>): Promise<void> =>
    makeBundle(folder, { product: 'Business', dataFormat, ...options.size, ...more, version });
  await make(site.bundle, installed.version, behave(installed.behaviour));
  const release = async (version: string, { size, rollout, deltas, ...more }: ReleaseOptions = {}): Promise<void> => {
    const folder = join(options.folder, 'releases', version);
    await make(folder, version, { ...size, ...more, ...behave(more.behaviour) });
    const description = { dataFormat: more.dataFormat ?? dataFormat, ...(rollout === undefined ? {} : { rollout }) };
    await site.publish(folder, version, description, deltas);
  };
  await release(installed.version, installed.behaviour === undefined ? {} : { behaviour: installed.behaviour });
  changeLocally(site.bundle);
  return { ...site, dataFile, release };
}
