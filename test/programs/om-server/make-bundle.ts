import { createCipheriv, createHash } from 'node:crypto';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Behaviour } from './behaviour.ts';
import { directoryFile, settingsFiles } from './settings.ts';

export interface BundleOptions {
  readonly product: 'Business' | 'Finance' | 'Staff';
  readonly version: string;
  /** Compared as a number would be: `10` is newer than `9`. */
  readonly dataFormat: string;
  readonly behaviour?: Behaviour;
  /** Name of the structure file without `.4DZ`. Default `OM Business`, … */
  readonly structureName?: string;
  /** Written last, over everything; paths relative to the bundle, with `/`. */
  readonly extraFiles?: Readonly<Record<string, string | Uint8Array>>;
  /** Files of `Server Database/Settings`, by name, in place of those that the vendor ships. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Small files among the resources. Default 240. */
  readonly smallFiles?: number;
  /** Bytes of the incompressible files, together. Default 4 MB. */
  readonly largeBytes?: number;
}

const CERTIFICATES = path.join(import.meta.dirname, 'certificates');
const KEY_MODE = 0o600;

/**
 * Writes a release of the stand-in server to `folder` (made if needed), laid out as 4D lays out a server for Windows and
 * Linux. The same options give the same bytes; about half of the resources are the same in all versions.
 */
export async function makeBundle(folder: string, options: BundleOptions): Promise<void> {
  await writeFiles(folder, {
    ...identityFiles(options),
    ...databaseFiles(options),
    ...resourceFiles(options.version, options.smallFiles ?? 240),
    ...largeFiles(options.version, options.largeBytes ?? 4_000_000),
  });
  await copyCertificates(folder);
  await buildProgram(path.join(folder, 'om-server.mjs'));
  await writeFiles(folder, options.extraFiles ?? {});
}

function identityFiles({ product, version, dataFormat, behaviour }: BundleOptions): Record<string, string> {
  return {
    'Resources/release.json': JSON.stringify({ product, version, dataFormat }),
    ...(behaviour ? { 'behaviour.json': JSON.stringify(behaviour) } : {}),
  };
}

function databaseFiles(options: BundleOptions): Record<string, string | Uint8Array> {
  const structure = options.structureName ?? `OM ${options.product}`;
  return {
    [`Server Database/${structure}.4DZ`]: noise(`structure ${options.version}`, 300_000),
    [`Server Database/${structure}.4DIndy`]: noise(`index ${options.version}`, 20_000),
    'Server Database/WebFolder/index.html': `<!doctype html><title>OM ${options.product} ${options.version}</title>\n`,
    'Server Database/WebFolder/style.css': 'body { font-family: sans-serif }\n',
    ...Object.fromEntries(
      Object.entries({ ...settingsFiles(), 'directory.json': directoryFile([]), ...options.settings }).map(
        ([name, content]) => [`Server Database/Settings/${name}`, content],
      ),
    ),
  };
}

/** Every second page is the same in all versions, as in a real update. */
function resourceFiles(version: string, count: number): Record<string, string> {
  const pages = Array.from({ length: count }, (_, index) => {
    const edition = index % 2 === 0 ? 'every version' : version;
    return [`Resources/help/${index % 8}/page-${index}.html`, `<h1>Page ${index}</h1><p>${edition}</p>\n`] as const;
  });
  return {
    ...Object.fromEntries(pages),
    'PlugIns/4DInternetCommands.bundle/Contents/manifest.json': '{"name":"4D Internet Commands"}\n',
    'Components/OM Tools.4dbase/OM Tools.4DZ': `component ${version}\n`,
  };
}

function largeFiles(version: string, bytes: number): Record<string, Uint8Array> {
  const quarter = Math.floor(bytes / 4);
  return {
    'Resources/images.bin': noise('images', quarter),
    'Resources/libraries.bin': noise(`libraries ${version}`, quarter),
    'Upgrade4DClient/Windows/update.zip': noise(`windows ${version}`, quarter),
    'Upgrade4DClient/macOS/update.tgz': noise(`macos ${version}`, quarter),
  };
}

/** Bytes that no compression makes smaller, the same for the same seed. */
function noise(seed: string, bytes: number): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

/** 4D's places: the web and SQL pair beside the project, the client/server pair among the resources. */
async function copyCertificates(folder: string): Promise<void> {
  const copies = [
    ['shipped.key.pem', 'Server Database/key.pem', KEY_MODE],
    ['shipped.cert.pem', 'Server Database/cert.pem', 0o644],
    ['dhparams.pem', 'Server Database/dhparams.pem', 0o644],
    ['resources.key.pem', 'Resources/key.pem', KEY_MODE],
    ['resources.cert.pem', 'Resources/cert.pem', 0o644],
  ] as const;
  for (const [from, to, mode] of copies) {
    await cp(path.join(CERTIFICATES, from), path.join(folder, to));
    await chmod(path.join(folder, to), mode);
  }
}

/**
 * Node's own modules by `getBuiltinModule`: an `import` of `node:http` asks for all of its exports at once, and with that for the whole
 * of fetch, a third of the time until the program runs.
 */
const BUILT_INS: Plugin = {
  name: 'built-ins',
  setup: (hooks) => {
    hooks.onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: 'built-in' }));
    hooks.onLoad({ filter: /.*/, namespace: 'built-in' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
    }));
  },
};

/** A single file that needs nothing but Node: it also runs where the bundle is copied to. */
async function buildProgram(target: string): Promise<void> {
  await build({
    entryPoints: [path.join(import.meta.dirname, 'program', 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Names of the sources stand in the output: they must not depend on where the caller is.
    absWorkingDir: import.meta.dirname,
    outfile: target,
    logLevel: 'error',
    plugins: [BUILT_INS],
  });
  await chmod(target, 0o755);
}
