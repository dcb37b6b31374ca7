import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Files } from '../../platform/files.ts';

const Seen = Type.Object({
  fingerprint: Type.String({ pattern: '^[0-9a-f]{12}$' }),
  count: Type.Integer({ minimum: 1 }),
  firstSeenAt: Type.String({ maxLength: 32 }),
  lastSeenAt: Type.String({ maxLength: 32 }),
});
const SeenFile = Type.Object({ schema: Type.Literal(1), seen: Type.Array(Seen, { maxItems: 1_000 }) });

type Seen = Readonly<Static<typeof Seen>>;

const NAME = 'fingerprints.json';
/** Kinds of crashes that are remembered; those not seen for longest go first. */
const KINDS_KEPT = 200;
const LIMIT_BYTES = 256 * 1024;
const FILE_MODE = 0o640;

/** Counts one more crash of a kind. A count that cannot be written, or was lost, begins anew: it is no reason to stop. */
export async function countFingerprint(
  files: Files,
  folder: string,
  fingerprint: string,
  at: string,
): Promise<Omit<Seen, 'fingerprint'>> {
  const path = join(folder, NAME);
  const all = await readSeen(files, path);
  const before = all.find((seen) => seen.fingerprint === fingerprint);
  const counted = { count: (before?.count ?? 0) + 1, firstSeenAt: before?.firstSeenAt ?? at, lastSeenAt: at };
  const others = all.filter((seen) => seen !== before);
  const seen = [...others, { fingerprint, ...counted }].slice(-KINDS_KEPT);
  await files.writeDurably(path, `${JSON.stringify({ schema: 1, seen })}\n`, FILE_MODE);
  return counted;
}

/** Least recently seen first. */
async function readSeen(files: Files, path: string): Promise<readonly Seen[]> {
  const text = await files.readText(path, LIMIT_BYTES);
  if (!text.ok) return [];
  try {
    const content: unknown = JSON.parse(text.value);
    return Value.Check(SeenFile, content) ? content.seen : [];
  } catch {
    return [];
  }
}
