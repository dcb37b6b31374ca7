import { join } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { planDelta } from '../delta/plan-delta.ts';
import type { FileManifest, Release, ReleaseDelta } from '../release.ts';
import { DELTA_PACK_NAME, OBJECTS_NAME } from '../repository/layout.ts';
import type { ReleaseSource, TransferOptions } from '../repository/release-source.ts';
import { findInstalled } from '../transfer/installed-contents.ts';
import { planTransfer, type TransferChoice } from '../transfer/plan-transfer.ts';
import {
  type EvictedTransfer,
  readTransfer,
  type ShorterTransfer,
  type Transfer,
  type TransferRecord,
  writeTransfer,
} from '../transfer/transfer.ts';
import { withinDownloadHours } from './download-window.ts';
import type { StepFacts } from './facts.ts';
import { isTransient } from './next-move.ts';
import { required, type StepContext } from './step.ts';
import { stagingOf } from './staging-places.ts';

/** The release and the files about it that preflight kept. */
interface Subject {
  readonly release: Release;
  readonly manifestFile: string;
  readonly source: ReleaseSource;
  /** The order's staging folder. */
  readonly folder: string;
}

/**
 * Brings what is needed of the release to this machine, the smallest way, resuming what an interrupted try left.
 *
 * A shorter way that fails for another reason than the line is evicted, told, and the full pack fetched in its place.
 */
export async function bringRelease(context: StepContext): Promise<Result<StepFacts['download']>> {
  const subject = await subjectOf(context);
  if (!subject.ok) return subject;
  const record = await decide(context, subject.value);
  if (!record.ok) return record;
  const { transfer, evicted } = record.value;
  if (transfer.kind === 'full') return bringFull(context, subject.value, evicted);
  const fetched = await fetchShorter(context, subject.value, transfer);
  if (fetched.ok) return succeed({ packFile: fetched.value, kind: transfer.kind, bytes: transfer.bytes });
  if (isTheLine(fetched.fault)) return fetched;
  const left = await evict(context, transfer, fetched.fault);
  return left.ok ? bringFull(context, subject.value, left.value) : left;
}

/** What the order has decided, as it stands on disk: the download's word, unless that was evicted since. */
export async function decidedTransfer(context: StepContext): Promise<Transfer> {
  const { release } = required(context, 'preflight');
  const { tools, order } = context;
  const record = await readTransfer(tools.files, stagingOf(tools.places, order), release?.manifest.sha256 ?? '');
  return record?.transfer ?? { kind: 'full', bytes: release?.pack.length ?? 0 };
}

/** A staged bundle could not be made the shorter way: tells it, forgets it, and brings the full pack. */
export async function bringFullInstead(
  context: StepContext,
  transfer: ShorterTransfer,
  fault: Fault,
): Promise<Result<EvictedTransfer>> {
  const subject = await subjectOf(context);
  const evicted = subject.ok ? await evict(context, transfer, fault) : subject;
  if (!subject.ok || !evicted.ok) return evicted;
  const { value } = subject;
  const full = await withinDownloadHours(context, (within) => bringFull(within, value, evicted.value));
  return full.ok ? evicted : full;
}

/** Faults that say nothing about what is fetched: the same again may succeed, or a person called it off. */
function isTheLine(fault: Fault): boolean {
  return isTransient(fault) || ['cancelled', 'space-short', 'disk-full', 'quota-exceeded'].includes(fault.code);
}

async function subjectOf(context: StepContext): Promise<Result<Subject>> {
  const { tools, order } = context;
  const { release, nextManifest } = required(context, 'preflight');
  if (release === undefined || nextManifest === undefined)
    return fail(faultOf('release-unknown', 'preflight chose no release'));
  const source = await tools.openSource(order);
  if (!source.ok) return source;
  const folder = stagingOf(tools.places, order);
  const made = await tools.files.makeFolder(folder, 0o700);
  return made.ok ? succeed({ release, manifestFile: nextManifest, source: source.value, folder }) : made;
}

async function decide(context: StepContext, subject: Subject): Promise<Result<TransferRecord>> {
  const { files } = context.tools;
  const { folder, release } = subject;
  const known = await readTransfer(files, folder, release.manifest.sha256);
  if (known !== undefined) return succeed(known);
  const planned = await plan(context, subject);
  if (!planned.ok) return planned;
  const record: TransferRecord = { schema: 1, release: release.manifest.sha256, transfer: planned.value };
  const written = await writeTransfer(files, folder, record);
  return written.ok ? succeed(record) : written;
}

/** Looks at the installed files by their content. */
async function plan(context: StepContext, subject: Subject): Promise<Result<Transfer>> {
  const { tools, signal } = context;
  const manifest = await tools.staging.readManifest(subject.manifestFile);
  if (!manifest.ok) return manifest;
  const delta = await plannedDelta(context, subject.release, manifest.value);
  const installed = await findInstalled(tools.files, tools.places.bundle, sizesOf(manifest.value, delta), signal);
  if (!installed.ok) return installed;
  return succeed(planTransfer({ manifest: manifest.value, installed: installed.value, delta }));
}

/** Undefined when none is published, or the published one does not fit: then there are other ways. */
async function plannedDelta(
  context: StepContext,
  release: Release,
  manifest: FileManifest,
): Promise<TransferChoice['delta']> {
  const { staging, log } = context.tools;
  const { from, shippedManifest, deltaManifest } = required(context, 'preflight');
  const published = publishedDelta(release, from);
  if (published === undefined || shippedManifest === undefined || deltaManifest === undefined) return undefined;
  const old = await staging.readManifest(shippedManifest);
  const delta = await staging.readDeltaManifest(deltaManifest);
  const planned = old.ok && delta.ok ? planDelta(old.value, manifest, delta.value) : old.ok ? delta : old;
  if (planned.ok && 'packLength' in planned.value && planned.value.packLength === published.pack.length)
    return { published, plan: planned.value };
  log.warn('the delta does not fit', { from, ...(planned.ok ? {} : { code: planned.fault.code }) });
  return undefined;
}

function publishedDelta(release: Release, from: string | undefined): ReleaseDelta | undefined {
  return release.deltas?.find((delta) => delta.from === from);
}

function sizesOf(manifest: FileManifest, delta: TransferChoice['delta']): ReadonlySet<number> {
  const wanted = manifest.entries.flatMap((entry) => (entry.kind === 'file' ? [entry.size] : []));
  const patched = delta?.plan.patches.flatMap(({ sources }) => sources.map(({ size }) => size)) ?? [];
  return new Set([...wanted, ...patched].filter((size) => size > 0));
}

async function bringFull(
  context: StepContext,
  { release, source, folder }: Subject,
  evicted: EvictedTransfer | undefined,
): Promise<Result<StepFacts['download']>> {
  const fetched = await source.download(release, folder, transferOptions(context));
  if (!fetched.ok) return fetched;
  return succeed({
    ...fetched.value,
    kind: 'full',
    bytes: release.pack.length,
    ...(evicted === undefined ? {} : { evicted }),
  });
}

/** The delta's pack first, then the objects that no patch makes; returns the file that most came in. */
async function fetchShorter(
  context: StepContext,
  { release, manifestFile, source, folder }: Subject,
  transfer: ShorterTransfer,
): Promise<Result<string>> {
  const delta = transfer.kind === 'delta' ? publishedDelta(release, transfer.from) : undefined;
  if (transfer.kind === 'delta' && delta === undefined)
    return fail(faultOf('release-unknown', 'the delta is not published'));
  const before = delta?.pack.length ?? 0;
  const patches =
    delta === undefined
      ? undefined
      : await source.downloadDelta(release, delta, folder, transferOptions(context, 0, transfer.bytes));
  if (patches?.ok === false) return patches;
  const manifest = transfer.objects.length === 0 ? undefined : await context.tools.staging.readManifest(manifestFile);
  if (manifest?.ok === false) return manifest;
  const wanted = transfer.objects.flatMap((place) => manifest?.value.objects[place] ?? []);
  const objects =
    wanted.length === 0
      ? undefined
      : await source.downloadObjects(release, wanted, folder, transferOptions(context, before, transfer.bytes));
  if (objects?.ok === false) return objects;
  return succeed(patches?.value.packFile ?? objects?.value.packFile ?? join(folder, OBJECTS_NAME));
}

function transferOptions(context: StepContext, before = 0, total?: number): TransferOptions {
  return {
    signal: context.signal,
    onProgress: ({ doneBytes, totalBytes, rate }) =>
      context.note({ kind: 'transfer', doneBytes: before + doneBytes, totalBytes: total ?? totalBytes, rate }),
  };
}

/** Written down before anything is fetched in its place: after a crash the full pack is gone on with. */
async function evict(context: StepContext, transfer: ShorterTransfer, fault: Fault): Promise<Result<EvictedTransfer>> {
  const { tools, order } = context;
  const { release } = required(context, 'preflight');
  const folder = stagingOf(tools.places, order);
  const evicted = { kind: transfer.kind, code: fault.code, detail: fault.detail.slice(0, 1_000) };
  tools.log.warn('a shorter way failed: the full pack is fetched', { ...evicted, path: fault.path });
  context.note({ kind: 'full-instead', fault });
  const written = await writeTransfer(tools.files, folder, {
    schema: 1,
    release: release?.manifest.sha256 ?? '',
    transfer: { kind: 'full', bytes: release?.pack.length ?? 0 },
    evicted,
  });
  if (!written.ok) return written;
  for (const name of [DELTA_PACK_NAME, `${DELTA_PACK_NAME}.part`, `${DELTA_PACK_NAME}.json`, OBJECTS_NAME]) {
    const removed = await tools.files.remove(join(folder, name));
    if (!removed.ok) return removed;
  }
  return succeed(evicted);
}
