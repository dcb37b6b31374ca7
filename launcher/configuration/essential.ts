import type { DocumentPath, MistakeAt } from './mistake.ts';
import { nearest } from './suggest.ts';

/** What starting the server needs (promise 2: nothing about updates may prevent it). */
const ESSENTIAL_KEYS: readonly string[] = ['name', 'product', 'folder', 'bundle', 'server', 'stateFolder'];

/** Parts below them that only updates use. */
const ONLY_FOR_UPDATES: readonly DocumentPath[] = [
  ['server', 'sessions'],
  ['server', 'smoke'],
  ['server', 'health', 'watchSeconds'],
  ['server', 'health', 'passes'],
];

/** Must this mistake be corrected before the server can be started? A misspelt essential key counts: its default would mislead. */
export function isEssential({ path }: Pick<MistakeAt, 'path'>): boolean {
  const [key] = path;
  if (key === undefined) return true;
  if (ONLY_FOR_UPDATES.some((part) => startsWith(path, part))) return false;
  return (
    ESSENTIAL_KEYS.includes(String(key)) || (!KNOWN_ELSEWHERE.includes(String(key)) && resemblesEssential(String(key)))
  );
}

const KNOWN_ELSEWHERE: readonly string[] = [
  '$schema',
  'updates',
  'carryOver',
  'data',
  'port',
  'mail',
  'language',
  'logs',
];

function resemblesEssential(key: string): boolean {
  const meant = nearest(key, [...ESSENTIAL_KEYS, ...KNOWN_ELSEWHERE]);
  return meant !== undefined && ESSENTIAL_KEYS.includes(meant);
}

/**
 * The value without the parts that hold a mistake: whole sections, because half a section may mean the opposite of it;
 * `exactly` takes out only the wrong values themselves.
 */
export function withoutParts(
  value: unknown,
  mistakes: readonly MistakeAt[],
  how: 'sections' | 'exactly' = 'sections',
): unknown {
  const parts = mistakes.map(({ path }) => (how === 'exactly' ? path : sectionOf(path)));
  return parts.reduce((kept, part) => without(kept, part), value);
}

function sectionOf(path: DocumentPath): DocumentPath {
  return ONLY_FOR_UPDATES.find((part) => startsWith(path, part)) ?? path.slice(0, 1);
}

function startsWith(path: DocumentPath, start: DocumentPath): boolean {
  return start.every((part, index) => path[index] === part);
}

function without(value: unknown, path: DocumentPath): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const entries: readonly unknown[] = value;
    return rest.length === 0 ? entries : entries.map((entry, index) => (index === key ? without(entry, rest) : entry));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, entry]): [string, unknown][] => {
      if (name !== key) return [[name, entry]];
      return rest.length === 0 ? [] : [[name, without(entry, rest)]];
    }),
  );
}
