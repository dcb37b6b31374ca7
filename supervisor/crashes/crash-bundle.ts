import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Files } from '../../platform/files.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { countFingerprint } from './seen-fingerprints.ts';

const Count = Type.Integer({ minimum: 0 });

const Exit = Type.Union([
  Type.Object({ kind: Type.Literal('exited'), code: Type.Integer() }),
  Type.Object({ kind: Type.Literal('signalled'), signal: Type.String() }),
  Type.Object({ kind: Type.Literal('gone') }),
]);

/** All that is known of one crash, in one file that can be sent to the support. */
const BundleShape = Type.Object({
  schema: Type.Literal(1),
  /** ISO 8601, UTC; as are all times here. */
  at: Type.String(),
  exit: Exit,
  /** What the launcher did about it, when it ended the server itself because it was unwell. */
  endedBecause: Type.Optional(Type.String()),
  processId: Count,
  /** Since its start, or since this launcher took it over. */
  watchedMs: Type.Number(),
  /** How long it had been ready; 0 when it never was. */
  readyMs: Type.Number(),
  restartAttempt: Count,
  fingerprint: Type.String({ pattern: '^[0-9a-f]{12}$' }),
  /** How often this kind of crash was seen so far, this one included. */
  count: Type.Integer({ minimum: 1 }),
  firstSeenAt: Type.String(),
  lastSeenAt: Type.String(),
  versions: Type.Object({
    server: Type.Optional(Type.String()),
    launcher: Type.String(),
    system: Type.String(),
    platform: Type.String(),
  }),
  /** What the probes said last, when something was wrong. */
  lastProbe: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
  memory: Type.Array(Type.Object({ at: Type.String(), residentBytes: Count, processes: Count })),
  /** The last lines of its output, oldest first, without secrets. */
  output: Type.Array(Type.String()),
});

export type CrashBundle = Readonly<Static<typeof BundleShape>>;
/** What is known before the crash is counted. */
export type CrashFacts = Omit<CrashBundle, 'schema' | 'count' | 'firstSeenAt' | 'lastSeenAt'>;

/** A crash as it is found on the disk. */
export interface FoundCrash {
  readonly path: string;
  readonly bundle: CrashBundle;
}

const BUNDLES_KEPT = 20;
const BUNDLE_LIMIT_BYTES = 2 * 1024 * 1024;
const BUNDLE = /^crash-\d{8}T\d{9}Z-[0-9a-f]{12}\.json$/;
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

export function crashFolderIn(logFolder: string): string {
  return join(logFolder, 'crashes');
}

/** Counts the crash and writes its bundle; of the earlier ones the newest nineteen stay. */
export async function writeCrash(files: Files, logFolder: string, facts: CrashFacts): Promise<Result<FoundCrash>> {
  const folder = crashFolderIn(logFolder);
  const made = await files.makeFolder(folder, FOLDER_MODE);
  if (!made.ok) return made;
  const seen = await countFingerprint(files, folder, facts.fingerprint, facts.at);
  const bundle: CrashBundle = { schema: 1, ...facts, ...seen };
  const stamp = facts.at.replace(/[-:.]/g, '');
  const path = join(folder, `crash-${stamp}-${facts.fingerprint}.json`);
  const written = await files.writeDurably(path, `${JSON.stringify(bundle, undefined, 2)}\n`, FILE_MODE);
  if (!written.ok) return written;
  for (const name of (await bundleNames(files, folder)).slice(0, -BUNDLES_KEPT)) await files.remove(join(folder, name));
  return succeed({ path, bundle });
}

/** The newest crashes, newest first; a file that cannot be read is passed over. */
export async function readCrashes(files: Files, logFolder: string, count: number): Promise<readonly FoundCrash[]> {
  const folder = crashFolderIn(logFolder);
  const found: FoundCrash[] = [];
  for (const name of (await bundleNames(files, folder)).toReversed()) {
    if (found.length >= count) break;
    const path = join(folder, name);
    const bundle = await readBundle(files, path);
    if (bundle.ok) found.push({ path, bundle: bundle.value });
  }
  return found;
}

async function bundleNames(files: Files, folder: string): Promise<readonly string[]> {
  const listed = await files.list(folder);
  return listed.ok ? listed.value.filter((name) => BUNDLE.test(name)) : [];
}

async function readBundle(files: Files, path: string): Promise<Result<CrashBundle>> {
  const text = await files.readText(path, BUNDLE_LIMIT_BYTES);
  if (!text.ok) return text;
  try {
    const content: unknown = JSON.parse(text.value);
    if (Value.Check(BundleShape, content)) return succeed(content);
  } catch {
    // Damaged: the same as of another shape.
  }
  return fail(faultOf('record-corrupt', 'not a crash bundle', { path }));
}
