import { Buffer } from 'node:buffer';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';

/** Largest cache file read, bytes: 200,000 files with long paths. */
const CACHE_LIMIT = 160 * 1024 * 1024;

/**
 * A file that changed this short before it was read may change again within the same tick of the file system's clock, and
 * look the same ("racy" in Git's words); its digest is not remembered. Milliseconds; FAT's clock ticks every 2 s.
 */
const RACY_MS = 3_000;

const Remembered = Type.Object({
  stamp: Type.String({ maxLength: 200 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
const CacheFile = Type.Object({
  schema: Type.Literal(1),
  files: Type.Record(Type.String(), Remembered),
});

/** What earlier comparisons read, so that an untouched file need not be read again. Never proof before a swap: only for watching. */
export interface StatCache {
  /** The digest of the file's content when it was read last, if nothing has touched it since. */
  recall(path: string, facts: FileFacts): string | undefined;
  /** `readAt`: wall clock when the reading began, milliseconds. */
  remember(path: string, facts: FileFacts, sha256: string, readAt: number): void;
  /** The cache as text for a durable file. */
  encode(): string;
}

export function createStatCache(known: Readonly<Record<string, Static<typeof Remembered>>> = {}): StatCache {
  const files = new Map(Object.entries(known));
  return {
    recall(path, facts) {
      const remembered = files.get(path);
      return remembered?.stamp === stampOf(facts) ? remembered.sha256 : undefined;
    },
    remember(path, facts, sha256, readAt) {
      const latest = Math.max(facts.changedMs, facts.modifiedMs);
      if (readAt - latest >= RACY_MS) files.set(path, { stamp: stampOf(facts), sha256 });
      else files.delete(path);
    },
    encode: () => JSON.stringify({ schema: 1, files: Object.fromEntries(files) }),
  };
}

/** Everything that an edit, a replacement or a restored time stamp would disturb: the change time cannot be set by hand. */
function stampOf(facts: FileFacts): string {
  return [facts.size, facts.modifiedMs, facts.changedMs, facts.inode, facts.device].join(':');
}

/** Reads a cache back; without a file an empty one. A cache that cannot be read is a fault, and an empty cache the remedy. */
export async function loadStatCache(files: Files, path: string): Promise<Result<StatCache>> {
  const text = await files.readText(path, CACHE_LIMIT);
  if (!text.ok) return text.fault.code === 'not-found' ? succeed(createStatCache()) : text;
  try {
    const value: unknown = JSON.parse(text.value);
    if (Value.Check(CacheFile, value)) return succeed(createStatCache(value.files));
  } catch {
    // Not JSON: the same refusal as a wrong shape.
  }
  return fail(faultOf('record-corrupt', 'the cache of digests cannot be read', { path }));
}

/** Writes a cache for the next time. */
export function saveStatCache(files: Files, path: string, cache: StatCache): Promise<Result<void>> {
  return files.writeDurably(path, Buffer.from(cache.encode()), 0o600);
}
