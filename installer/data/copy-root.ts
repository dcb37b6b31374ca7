import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files, WalkedEntry } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { fingerprintOf, isSettled } from './digest-cache.ts';
import { type BackupRecord, copyPathOf, type RecordEntry, type RecordRoot } from './record.ts';
import type { DataRoot } from './roots.ts';
import { copyVerified, existingFacts } from './verified-copy.ts';

export interface DataDependencies {
  readonly files: Files;
  readonly clock: Clock;
}

/** What one pass carries along; `copiedBytes` is its running count. */
export interface Pass extends DataDependencies {
  readonly kind: 'provisional' | 'final';
  readonly signal: AbortSignal | undefined;
  readonly folder: string;
  /** Entries of an earlier pass by copy name and path. */
  readonly earlier: ReadonlyMap<string, RecordEntry>;
  copiedBytes: number;
}

export function indexRecord(record: BackupRecord | undefined): Pass['earlier'] {
  const pairs = (record?.roots ?? []).flatMap((root) =>
    root.entries.map((entry) => [`${root.copy}\n${root.source}\n${entry.path}`, entry] as const),
  );
  return new Map(pairs);
}

/** Copies one data path as far as this pass can. */
export async function copyRoot(pass: Pass, root: DataRoot, copy: string): Promise<Result<RecordRoot>> {
  const { files } = pass;
  const result: RecordRoot = { source: root.source, copy, entries: [] };
  const facts = await existingFacts(files, root.source);
  if (!facts.ok) return facts;
  const walked = root.kind === 'folder' ? files.walk(root.source) : [];
  const whole: WalkedEntry = { path: '', facts: facts.value };
  for await (const entry of withFirst(whole, walked)) {
    if (pass.signal?.aborted) return fail(faultOf('cancelled', 'the backup was given up'));
    // Files of a running server come and go; once it has stopped, a vanished file is a fault.
    if (!entry.ok && entry.fault.code === 'not-found' && pass.kind === 'provisional') continue;
    if (!entry.ok) return entry;
    const copied = await copyEntry(pass, result, entry.value);
    if (!copied.ok) return copied;
    if (copied.value !== undefined) result.entries.push(copied.value);
  }
  return succeed(result);
}

async function* withFirst(
  first: WalkedEntry,
  rest: AsyncIterable<Result<WalkedEntry>> | Iterable<Result<WalkedEntry>>,
): AsyncGenerator<Result<WalkedEntry>> {
  yield succeed(first);
  yield* rest;
}

/** Undefined: left to the final pass. */
async function copyEntry(pass: Pass, root: RecordRoot, entry: WalkedEntry): Promise<Result<RecordEntry | undefined>> {
  const { files } = pass;
  const { path, facts } = entry;
  const [source, copy] = [join(root.source, path), copyPathOf(pass.folder, root, path)];
  switch (facts.kind) {
    case 'folder': {
      const made = await files.makeFolder(copy, 0o700);
      const { mode, owner, group } = facts;
      return made.ok ? succeed({ kind: 'folder', path, mode, owner, group }) : made;
    }
    case 'link': {
      const target = await files.readLink(source);
      return target.ok ? succeed({ kind: 'link', path, target: target.value }) : target;
    }
    case 'file':
      return copyDataFile(pass, root, entry);
    case 'other':
      // Sockets and pipes hold no data.
      return succeed(undefined);
  }
}

async function copyDataFile(
  pass: Pass,
  root: RecordRoot,
  { path, facts }: WalkedEntry,
): Promise<Result<RecordEntry | undefined>> {
  const { files, clock } = pass;
  const [from, to] = [join(root.source, path), copyPathOf(pass.folder, root, path)];
  const known = pass.earlier.get(`${root.copy}\n${root.source}\n${path}`);
  if (known?.kind === 'file' && known.fingerprint === fingerprintOf(facts)) {
    const there = await files.facts(to);
    if (!there.ok) return there;
    if (there.value?.kind === 'file' && there.value.size === known.size) return succeed(known);
  }
  const provisional = pass.kind === 'provisional';
  if (provisional && !isSettled(facts, clock.now())) return succeed(undefined);
  const temporary = join(pass.folder, 'unfinished');
  const copied = await copyVerified(files, { from, to, temporary, ...(provisional && { attempts: 1 }) });
  if (!copied.ok) return provisional && copied.fault.code === 'not-found' ? succeed(undefined) : copied;
  if (copied.value === 'unsteady') {
    return provisional
      ? succeed(undefined)
      : fail(faultOf('file-held', 'something still writes to it', { path: from }));
  }
  pass.copiedBytes += copied.value.facts.size;
  return succeed(fileEntry(path, copied.value.facts, copied.value.sha256));
}

function fileEntry(path: string, facts: FileFacts, sha256: string): RecordEntry {
  return { kind: 'file', path, size: facts.size, sha256, fingerprint: fingerprintOf(facts) };
}
