import { constants, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A bundle of Node-RED: what npm delivers, unmodified, with settings and a TLS pair beside it. */

const CERTIFICATES = join(import.meta.dirname, '../../programs/om-server/certificates');
const certificate = (name: string): Buffer => readFileSync(join(CERTIFICATES, name));

/** The program in every bundle; `--version` prints the version and ends. */
export const PROGRAM = 'node_modules/node-red/red.js';

/** What the customer has made his own in the installed bundle, by its path: it must survive byte for byte. */
export const LOCAL_CHANGES: Readonly<Record<string, Buffer>> = {
  'settings.js': Buffer.from(settingsText('Muster AG', 'the secret of Muster AG')),
  'key.pem': certificate('customer.key.pem'),
  'cert.pem': certificate('customer.cert.pem'),
};

const SHIPPED: Readonly<Record<string, Buffer>> = {
  'settings.js': Buffer.from(settingsText('nobody yet', 'changeme')),
  'key.pem': certificate('shipped.key.pem'),
  'cert.pem': certificate('shipped.cert.pem'),
};

/**
 * What this vendor does not pack, half of all files: types, maps and words for programmers, and of npm all but its
 * description, since the settings forbid what Node-RED would want npm for.
 */
const NOT_PACKED = [
  /^node_modules\/@types(\/|$)/,
  /^node_modules\/npm\/(?!package\.json$)/,
  /^node_modules\/\.bin\/np[mx]$/,
  /\.(map|md|[cm]?ts)$/,
];

/** Makes the vendor's release of what npm delivered. */
export function makeRelease(published: string, folder: string): void {
  cpSync(published, folder, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => {
      const name = relative(published, path).split(sep).join('/');
      return !NOT_PACKED.some((pattern) => pattern.test(name));
    },
  });
  put(folder, SHIPPED);
}

/** The admin's hand in the installed bundle. */
export function changeLocally(bundle: string): void {
  put(bundle, LOCAL_CHANGES);
}

/** Where Node-RED reads which version it is. */
const DESCRIPTIONS = ['node_modules/node-red/package.json', 'node_modules/@node-red/runtime/package.json'];

/** A dependency was forgotten when this one was packed: it still tells its version, and it cannot start. */
export function breakRelease(folder: string, version: string): void {
  for (const name of DESCRIPTIONS) {
    const description = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
    writeFileSync(join(folder, name), JSON.stringify({ ...description, version }, undefined, 4));
  }
  rmSync(join(folder, 'node_modules/ws'), { recursive: true });
}

function put(folder: string, files: Readonly<Record<string, Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(join(folder, path), content, { mode: path === 'key.pem' ? 0o600 : 0o644 });
  }
}

/** What Node-RED reads at its start: TLS from the bundle, and two values for the flows by which a client knows who answers. */
function settingsText(customer: string, credentialSecret: string): string {
  return `const { readFileSync } = require('node:fs');
const { join } = require('node:path');

module.exports = {
  uiHost: '127.0.0.1',
  https: {
    key: readFileSync(join(__dirname, 'key.pem')),
    cert: readFileSync(join(__dirname, 'cert.pem')),
  },
  flowFile: 'flows.json',
  credentialSecret: ${JSON.stringify(credentialSecret)},
  functionGlobalContext: {
    customer: ${JSON.stringify(customer)},
    version: require('./node_modules/node-red/package.json').version,
  },
  telemetry: { enabled: false },
  externalModules: { palette: { allowInstall: false }, modules: { allowInstall: false } },
};
`;
}
