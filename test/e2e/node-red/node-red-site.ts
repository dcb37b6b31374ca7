import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Agent } from 'undici';
import { openSite, type Site } from '../kit/site.ts';
import { breakRelease, changeLocally, makeRelease, PROGRAM } from './bundle.ts';
import { customersAgent } from './flows.ts';

/** A customer's machine with Node-RED as the server: one published version installed, a newer and a broken one on offer. */
export interface NodeRedSite extends Site {
  /** Address of Node-RED; TLS with the customer's pair. */
  readonly base: string;
  readonly agent: Agent;
  /** Where flows and credentials lie, outside of the bundle. */
  readonly userDirectory: string;
  /** Address of a server that the flows talk to; it answers with the authorization that it got. */
  readonly partner: string;
  /** Stands in the environment of the servers of this site. */
  readonly marker: string;
  /** What the configured commands were told so far. */
  notes(): readonly Note[];
}

export interface Note {
  /** Wall clock, ms. */
  readonly at: number;
  readonly kind: 'warn' | 'close';
  readonly text: string;
  readonly seconds: string;
}

export interface NodeRedSiteOptions {
  readonly folder: string;
  /** Folders of published versions. */
  readonly installed: { readonly version: string; readonly published: string };
  readonly newer: { readonly version: string; readonly published: string };
  /** A version number for the broken release. */
  readonly broken: string;
}

const NAME = 'node-red';
const NOTE_DOWN = join(import.meta.dirname, 'note-down.ts');

export async function openNodeRedSite(options: NodeRedSiteOptions): Promise<NodeRedSite> {
  const { folder } = options;
  const userDirectory = join(folder, 'Data', 'node-red');
  const notesFile = join(folder, 'notes.jsonl');
  const marker = `OM_TEST_SITE=${folder}`;
  const partner = await openPartner();
  const site = await openSite({
    folder,
    bundleName: 'Node-RED',
    configure: ({ serverPort }) => configurationOf(serverPort, userDirectory, notesFile, folder),
  });
  mkdirSync(userDirectory, { recursive: true });
  await publishReleases(site, options);
  const agent = customersAgent();
  return {
    ...site,
    base: `https://127.0.0.1:${site.serverPort}`,
    agent,
    userDirectory,
    partner: partner.url,
    marker,
    notes: () => readNotes(notesFile),
    async close() {
      await agent.destroy();
      await site.close();
      await partner.close();
    },
  };
}

/** Short times, and no preset: the rules for this server are all in its configuration. */
function configurationOf(
  port: number,
  userDirectory: string,
  notesFile: string,
  folder: string,
): Record<string, unknown> {
  return {
    name: NAME,
    product: 'business',
    language: 'de',
    server: {
      command: process.execPath,
      args: [
        `{bundle}/${PROGRAM}`,
        ...['--settings', '{bundle}/settings.js', '--userDir', userDirectory, '--port', String(port)],
      ],
      env: { OM_TEST_SITE: folder },
      port,
      smoke: { args: [`{bundle}/${PROGRAM}`, '--version'] },
      start: { limitSeconds: 60 },
      stop: { orderSeconds: 0, requestSeconds: 20, proveSeconds: 10 },
      sessions: {
        warnCommand: [process.execPath, NOTE_DOWN, notesFile, 'warn', '{text}', '{seconds}'],
        closeCommand: [process.execPath, NOTE_DOWN, notesFile, 'close', '{text}', '{seconds}'],
      },
      health: {
        probes: [
          { type: 'tcp', port },
          { type: 'http', url: `https://127.0.0.1:${port}/` },
        ],
        everySeconds: 0.5,
        watchSeconds: 4,
        passes: 3,
      },
    },
    carryOver: {
      preset: false,
      rules: [
        { pattern: 'settings.js', action: 'always' },
        { pattern: '*.pem', action: 'always', check: 'key-pair' },
      ],
    },
  };
}

/** The folder of the first release becomes the installed bundle, that of the second is broken for the third: copies are dear. */
async function publishReleases(site: Site, { installed, newer, broken }: NodeRedSiteOptions): Promise<void> {
  const folder = join(site.folder, 'releases');
  makeRelease(installed.published, folder);
  await site.publish(folder, installed.version);
  renameSync(folder, site.bundle);
  changeLocally(site.bundle);
  makeRelease(newer.published, folder);
  await site.publish(folder, newer.version);
  breakRelease(folder, broken);
  await site.publish(folder, broken);
  rmSync(folder, { recursive: true });
}

async function openPartner(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    response.end(request.headers.authorization ?? 'nobody');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function readNotes(file: string): readonly Note[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => JSON.parse(line) as Note);
}
