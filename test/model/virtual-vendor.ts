import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { CarryOver } from '../../installer/carry-over/carry-over.ts';
import type { FileManifest, Release } from '../../installer/release.ts';
import { PACK_NAME } from '../../installer/repository/layout.ts';
import type { ReleaseSource } from '../../installer/repository/release-source.ts';
import type { Staging, UpdateChecks } from '../../installer/update/tools.ts';
import { PROGRAM_FILES, SETTINGS_FILE, type VirtualMachine } from './virtual-machine.ts';

const MANIFEST_LIMIT = 65_536;
const REQUEST_LIMIT_MS = 30_000;
const PIECES = 3;

/** The ways of bringing a release have tests of their own; here it is always brought whole. */
const NO_SHORTER_WAY = fail(faultOf('not-found', 'the virtual vendor has the full pack only'));

/** A release whose every file says its version. */
export function releaseOf(version: string, dataFormat: number): Release {
  return {
    product: 'business',
    platform: 'virtual',
    channel: 'stable',
    version,
    dataFormat: String(dataFormat),
    notes: {},
    unpackedBytes: 100,
    files: PROGRAM_FILES.length + 1,
    publishedAt: '2026-01-01T00:00:00Z',
    manifest: { path: `manifests/${version}`, length: 1, sha256: sha256Of(version) },
    pack: { path: `packs/${version}`, length: packOf(version).length, sha256: sha256Of(packOf(version)) },
  };
}

/** The vendor's repository behind a network that may be slow, down, or silent. */
export function createVirtualSource(
  machine: VirtualMachine,
  files: Files,
  clock: Clock,
  releases: readonly Release[],
): ReleaseSource {
  const request = async (signal?: AbortSignal): Promise<Result<void>> => {
    const waitMs = machine.network === 'hanging' ? REQUEST_LIMIT_MS : 50;
    if ((await clock.sleep(waitMs, signal)) === 'aborted') return fail(faultOf('cancelled', 'given up'));
    if (machine.network === 'up') return succeed();
    return fail(faultOf(machine.network === 'down' ? 'connection-failed' : 'timed-out', 'the virtual network'));
  };
  return {
    refresh: async (signal) => {
      const answered = await request(signal);
      return answered.ok ? succeed(releases) : answered;
    },
    manifest: async (release, signal) => {
      const answered = await request(signal);
      return answered.ok ? succeed(manifestOf(release.version)) : answered;
    },
    download: async (release, folder, { signal }) => {
      const packFile = join(folder, PACK_NAME);
      const opened = await files.openWritable(packFile, { start: 'empty' });
      if (!opened.ok) return opened;
      for (let piece = 0; piece < PIECES; piece += 1) {
        const arrived = await request(signal);
        const written = arrived.ok ? await opened.value.write(Buffer.from(`${release.version};`)) : arrived;
        if (!written.ok) return written;
      }
      const synced = await opened.value.sync();
      return synced.ok ? succeed({ packFile }) : synced;
    },
    deltaManifest: async () => Promise.resolve(NO_SHORTER_WAY),
    downloadDelta: async () => Promise.resolve(NO_SHORTER_WAY),
    downloadObjects: async () => Promise.resolve(NO_SHORTER_WAY),
  };
}

/** One content that no installed bundle has. */
function manifestOf(version: string): FileManifest {
  const [sha256, size] = [sha256Of(version), version.length];
  const { length } = packOf(version);
  return {
    schema: 1,
    version,
    entries: [{ kind: 'file', path: 'release', mode: 0o644, size, sha256 }],
    objects: [{ offset: 0, length, sha256: sha256Of(packOf(version)), size, contents: [sha256] }],
  };
}

function packOf(version: string): string {
  return `${version};`.repeat(PIECES);
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function createVirtualStaging(files: Files): Staging {
  const readManifest: Staging['readManifest'] = async (path) => {
    const text = await files.readText(path, MANIFEST_LIMIT);
    return text.ok ? succeed(JSON.parse(text.value) as FileManifest) : text;
  };
  return {
    stage: async ({ manifest: manifestFile, folder, packFolder }) => {
      const manifest = await readManifest(manifestFile);
      const pack = manifest.ok ? await files.readText(join(packFolder, PACK_NAME), MANIFEST_LIMIT) : manifest;
      if (!manifest.ok) return manifest;
      if (!pack.ok) return pack;
      const { version } = manifest.value;
      if (pack.value !== packOf(version)) return fail(faultOf('digest-mismatch', 'the pack is not what was signed'));
      const made = await files.makeNewFolder(folder, 0o700);
      return made.ok ? unpack(files, folder, version) : made;
    },
    open: async (folder) => files.setMode(folder, 0o755),
    readManifest,
    writeManifest: async (path, manifest) => {
      const made = await files.makeFolder(join(path, '..'), 0o700);
      return made.ok ? files.writeDurably(path, JSON.stringify(manifest)) : made;
    },
    readDeltaManifest: async () => Promise.resolve(NO_SHORTER_WAY),
    writeDeltaManifest: async () => Promise.resolve(NO_SHORTER_WAY),
  };
}

async function unpack(files: Files, folder: string, version: string): Promise<Result<void>> {
  for (const name of [...PROGRAM_FILES, SETTINGS_FILE]) {
    const opened = await files.openWritable(join(folder, name), { start: 'empty' });
    const content = name === SETTINGS_FILE ? 'as shipped' : version;
    const written = opened.ok ? await opened.value.write(Buffer.from(content)) : opened;
    if (!written.ok) return written;
  }
  const synced = await files.syncTree(folder);
  return synced.ok ? files.syncFolder(join(folder, '..')) : synced;
}

/** The admin's settings, from the installed bundle into the staged one. */
export function createVirtualCarryOver(files: Files): CarryOver {
  return {
    async carry({ installed, staged }) {
      const settings = await files.readText(join(installed, SETTINGS_FILE), MANIFEST_LIMIT);
      if (!settings.ok) return settings;
      const written = await files.writeDurably(join(staged, SETTINGS_FILE), settings.value);
      return written.ok ? succeed({ carried: [], leftBehind: [], reported: [] }) : written;
    },
    rehearsed: () => undefined,
  };
}

export function createVirtualChecks(files: Files): UpdateChecks {
  return {
    preflight: async () => Promise.resolve(succeed()),
    staged: async () => Promise.resolve(succeed()),
    smoke: async (bundle, version) => {
      const told = await files.readText(join(bundle, 'release'), MANIFEST_LIMIT);
      if (!told.ok) return told;
      if (version === undefined || told.value === version) return succeed(told.value);
      return fail(faultOf('smoke-failed', `it says ${told.value}`));
    },
  };
}
