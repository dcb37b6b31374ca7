import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Which rooms a room may import from, besides itself: the arrow of `docs/architecture.md`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  supervisor: ['platform'],
  installer: ['platform', 'supervisor'],
  launcher: ['platform', 'supervisor', 'installer'],
  fleet: ['platform'],
};
/** The only modules that choose the real machine; everything else takes it as a parameter. */
const COMPOSITION_ROOTS = ['launcher/main.ts', 'installer/publish/main.ts', 'fleet/main.ts'];
/** Fleet stands on the wire types alone. */
const WIRE_TYPES = /^launcher\/api\/(schemas|messages)\.ts$/;
/** Built-in modules that compute, and do nothing to the machine. */
const PURE_MODULES = ['path', 'crypto', 'zlib', 'stream', 'stream/promises', 'util', 'events', 'buffer', 'url', 'sea'];

const root = path.resolve(import.meta.dirname, '..');
const rooms = Object.keys(MAY_IMPORT);
const modules = new Map(rooms.flatMap(sourcesOf).map((file) => [file, importsOf(file)]));
const links = [...modules].flatMap(([file, imports]) => imports.map((imported) => ({ file, imported })));

describe('the layout of the folders', () => {
  it('is looked at as a whole: every source on disk was parsed, and the compiler knows it', () => {
    const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (name) => readFileSync(name, 'utf8'))
      .config as unknown;
    const compiled = ts.parseJsonConfigFileContent(config, ts.sys, root).fileNames.map((name) => relative(name));
    expect([...modules.keys()].filter((file) => !compiled.includes(file))).toEqual([]);
    expect(compiled.filter((file) => rooms.includes(roomOf(file)) && !modules.has(file))).toEqual([]);
    for (const room of rooms.filter((name) => existsSync(path.join(root, name)) && sourcesOf(name).length > 0)) {
      expect(links.some(({ file }) => roomOf(file) === room)).toBe(true);
    }
  });

  it('has imports in one direction only, of files that exist', () => {
    const wrong = links.filter(({ file, imported }) => {
      if (!isOurs(imported)) return false;
      const [from, to] = [roomOf(file), roomOf(imported)];
      const wire = from === 'fleet' && WIRE_TYPES.test(imported);
      return !modules.has(imported) || (from !== to && !wire && !(MAY_IMPORT[from] ?? []).includes(to));
    });
    expect(wrong).toEqual([]);
  });

  it('lets only platform touch the machine, and only composition roots choose it', () => {
    const wrong = links.filter(({ file, imported }) => {
      if (roomOf(file) === 'platform') return false;
      if (imported === 'platform/current.ts') return !COMPOSITION_ROOTS.includes(file);
      if (imported.startsWith('node:')) return !PURE_MODULES.includes(imported.slice(5));
      return ['undici', 'fs-extra', 'chokidar'].includes(imported);
    });
    expect(wrong).toEqual([]);
  });

  it('has no cycle and no barrel', () => {
    expect([...modules.keys()].filter((file) => path.basename(file) === 'index.ts')).toEqual([]);
    expect([...modules.keys()].map((file) => cycleFrom(file, [])).find((cycle) => cycle !== undefined)).toBeUndefined();
  });
});

/** Sources of a room, relative to the project, with `/`. */
function sourcesOf(room: string): readonly string[] {
  const folder = path.join(root, room);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(path.join(entry.parentPath, entry.name)));
}

/** What a file imports, types included: our own files relative to the project, everything else as it is written. */
function importsOf(file: string): readonly string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? relative(path.resolve(root, path.dirname(file), fileName)) : fileName,
  );
}

const settled = new Set<string>();
/** The first cycle that can be reached from `file`; every file is visited once. */
function cycleFrom(file: string, trail: readonly string[]): readonly string[] | undefined {
  if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
  if (settled.has(file)) return undefined;
  for (const imported of modules.get(file) ?? []) {
    const cycle = cycleFrom(imported, [...trail, file]);
    if (cycle) return cycle;
  }
  settled.add(file);
  return undefined;
}

function isOurs(imported: string): boolean {
  return /\.[cm]?tsx?$/.test(imported);
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function relative(file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}
