import { Buffer } from 'node:buffer';
import { basename, dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files, WritableFile } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { delegatedRoleName, metadataFile, targetFile } from '../repository/layout.ts';
import { encodeOmuHead } from '../repository/omu.ts';
import { type TrustedRepository, loadTrusted } from './trusted.ts';
import { listTrusted } from './verify.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Which release; what is left out must follow from what the repository holds. */
export interface ReleaseChoice {
  readonly version: string;
  readonly product?: string | undefined;
  readonly channel?: string | undefined;
  readonly platform?: string | undefined;
}

export interface PackOmuRequest {
  readonly repository: string;
  readonly anchor: Buffer;
  readonly choice: ReleaseChoice;
  /** The file to write; replaced only by a whole one. */
  readonly output: string;
}

/**
 * Writes one release and the metadata that proves it into one file, for machines without a line.
 *
 * All roots go in, so that a launcher that knows any of them can walk to the newest.
 * Errors: `release-unknown`, `request-invalid` (several releases fit), those of `loadTrusted`, the disk's.
 */
export async function packOmu(
  files: Files,
  request: PackOmuRequest,
): Promise<Result<{ readonly release: Release; readonly length: number }>> {
  const trusted = await loadTrusted(files, request.repository, request.anchor);
  if (!trusted.ok) return trusted;
  const release = choose(listTrusted(trusted.value).releases, request.choice);
  if (!release.ok) return release;
  const parts = await listParts(files, request.repository, trusted.value, release.value);
  if (!parts.ok) return parts;
  const written = await writeWhole(files, request, release.value, parts.value);
  return written.ok ? succeed({ release: release.value, length: written.value }) : written;
}

function choose(releases: readonly Release[], choice: ReleaseChoice): Result<Release> {
  const wanted = (value: string, wish: string | undefined): boolean => wish === undefined || wish === value;
  const [first, ...others] = releases.filter(
    (release) =>
      release.version === choice.version &&
      wanted(release.product, choice.product) &&
      wanted(release.channel, choice.channel) &&
      wanted(release.platform, choice.platform),
  );
  if (first === undefined) return fail(faultOf('release-unknown', `there is no release ${choice.version} like this`));
  if (others.length === 0) return succeed(first);
  const fitting = [first, ...others].map((one) => `${one.product}/${one.channel}/${one.platform}`).join(', ');
  return fail(faultOf('request-invalid', `several releases fit, name one: ${fitting}`));
}

interface Part {
  /** Relative to the repository. */
  readonly path: string;
  readonly length: number;
}

/** The pack last, so that everything needed to judge the file stands at its beginning. */
async function listParts(
  files: Files,
  repository: string,
  trusted: TrustedRepository,
  release: Release,
): Promise<Result<readonly Part[]>> {
  const role = trusted.delegated.get(delegatedRoleName(release.product, release.channel));
  const chain = [trusted.timestamp, trusted.snapshot, trusted.targets, ...(role === undefined ? [] : [role])];
  const metadata = chain.map((file) => metadataFile(file.role, file.metadata.signed.version));
  const roots = Array.from({ length: trusted.root.metadata.signed.version }, (_, index) =>
    metadataFile('root', index + 1),
  );
  const parts: Part[] = [];
  for (const path of [...roots, ...metadata, targetFile(release.manifest), targetFile(release.pack)]) {
    const facts = await files.facts(join(repository, path));
    if (!facts.ok) return facts;
    if (facts.value?.kind !== 'file')
      return fail(faultOf('not-found', 'the repository lacks a file', { path: join(repository, path) }));
    parts.push({ path, length: facts.value.size });
  }
  return succeed(parts);
}

async function writeWhole(
  files: Files,
  request: PackOmuRequest,
  release: Release,
  parts: readonly Part[],
): Promise<Result<number>> {
  const temporary = join(dirname(request.output), `.${basename(request.output)}.part`);
  const opened = await files.openWritable(temporary, { start: 'empty', mode: 0o644 });
  if (!opened.ok) return opened;
  const filled = await fill(files, request.repository, opened.value, encodeOmuHead(release, parts), parts);
  const synced = filled.ok ? await opened.value.sync() : filled;
  const closed = await opened.value.close();
  const written = synced.ok ? closed : synced;
  const cleared = written.ok ? await files.remove(request.output) : written;
  const renamed = cleared.ok ? await files.renameNew(temporary, request.output) : cleared;
  if (!renamed.ok) await files.remove(temporary);
  return renamed.ok ? filled : renamed;
}

async function fill(
  files: Files,
  repository: string,
  output: WritableFile,
  head: Buffer,
  parts: readonly Part[],
): Promise<Result<number>> {
  const begun = await output.write(head);
  if (!begun.ok) return begun;
  let length = head.length;
  for (const part of parts) {
    const copied = await append(files, join(repository, part.path), part.length, output);
    if (!copied.ok) return copied;
    length += part.length;
  }
  return succeed(length);
}

async function append(files: Files, path: string, length: number, output: WritableFile): Promise<Result<void>> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return opened;
  try {
    for (let done = 0; done < length;) {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, length - done));
      const read = await opened.value.read(buffer, done);
      if (!read.ok) return read;
      if (read.value === 0) return fail(faultOf('archive-invalid', 'the file became shorter meanwhile', { path }));
      const written = await output.write(buffer.subarray(0, read.value));
      if (!written.ok) return written;
      done += read.value;
    }
    return succeed();
  } finally {
    await opened.value.close();
  }
}
