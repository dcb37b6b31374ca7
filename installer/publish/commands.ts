import type { Fault } from '../../platform/fault.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import {
  type AddOptions,
  type CommandContext,
  type KeyOptions,
  type ReadOptions,
  keyOptions,
  optionalFields,
  readAnchorOf,
  readNotes,
} from './command-inputs.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { packOmu } from './pack-omu.ts';
import { addRelease, initRepository, listReleases, refreshRepository, verifyRepository } from './repository.ts';

/** What a command has to say: for people, for programs, and to the shell. */
export interface Verdict {
  readonly status: number;
  readonly lines: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
}

export async function runInit(
  context: CommandContext,
  repo: string,
  options: KeyOptions & { readonly rootKeys: number; readonly rootThreshold: number },
): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const { rootKeys, rootThreshold } = options;
  const request = { repository: context.path(repo), keys: keys.value, rootKeys, rootThreshold };
  const made = await initRepository(context.dependencies, request);
  if (!made.ok) return made;
  const { rootFile } = made.value;
  const lines = [`Repository ${request.repository} is ready; give ${rootFile} to the launcher as its trusted root.`];
  return done(lines, { repository: request.repository, root: rootFile });
}

export async function runAdd(context: CommandContext, folder: string, options: AddOptions): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const notes = await readNotes(context, options);
  if (!notes.ok) return notes;
  const { product, version, platform, channel, dataFormat } = options;
  const added = await addRelease(context.dependencies, {
    repository: context.path(options.repo),
    keys: keys.value,
    folder: context.path(folder),
    description: { product, version, platform, channel, dataFormat, notes: notes.value, ...optionalFields(options) },
    compressionLevel: options.level,
    deltas: options.deltas,
    signal: context.signal,
    onProgress: context.onProgress,
  });
  if (!added.ok) return added;
  const { release, changed } = added.value;
  return done([`${nameOf(release)} ${changed ? 'is published' : 'was published already'}.`], { changed, release });
}

export async function runRefresh(
  context: CommandContext,
  options: KeyOptions & { readonly repo: string; readonly role?: readonly string[] },
): Promise<Result<Verdict>> {
  const keys = await keyOptions(context, options);
  if (!keys.ok) return keys;
  const repository = context.path(options.repo);
  const refreshed = await refreshRepository(context.dependencies, {
    repository,
    keys: keys.value,
    roles: options.role,
  });
  if (!refreshed.ok) return refreshed;
  const { renewed, waiting } = refreshed.value;
  const lines = [
    ...waiting.map(({ role, expires }) => `${role} ends on ${expires}, but its key is not here`),
    ...renewed.map(({ role, version, expires }) => `${role} ${String(version)} is signed until ${expires}`),
  ];
  return done(lines, { renewed, waiting });
}

export async function runList(context: CommandContext, repo: string, options: ReadOptions): Promise<Result<Verdict>> {
  const anchor = await readAnchorOf(context, repo, options);
  if (!anchor.ok) return anchor;
  const releases = await listReleases(context.dependencies.files, context.path(repo), anchor.value);
  if (!releases.ok) return releases;
  const lines = releases.value.map(
    (one) => `${nameOf(one)}  ${one.publishedAt}  ${String(one.pack.length)} bytes${remarkOf(one)}`,
  );
  return done([...lines, `${String(releases.value.length)} releases.`], { releases: releases.value });
}

export async function runVerify(context: CommandContext, repo: string, options: ReadOptions): Promise<Result<Verdict>> {
  const anchor = await readAnchorOf(context, repo, options);
  if (!anchor.ok) return anchor;
  const { dependencies, signal } = context;
  const verified = await verifyRepository(dependencies, {
    repository: context.path(repo),
    anchor: anchor.value,
    signal,
  });
  if (!verified.ok) return verified;
  const { releases, expires, problems } = verified.value;
  const status = problems.length === 0 ? EXIT_STATUS.done : EXIT_STATUS.notTrusted;
  const verdict = `${String(releases.length)} releases, ${String(problems.length)} problems.`;
  const value = { releases: releases.map(nameOf), expires, problems };
  return succeed({ status, lines: [...problems.map(problemLine), verdict], value });
}

function remarkOf({ withdrawn, rollout }: Release): string {
  if (withdrawn !== undefined) return '  withdrawn';
  if (rollout === undefined) return '';
  const { percentage, startsAt } = rollout;
  return `  ${percentage} %${startsAt === undefined ? '' : ` from ${startsAt}`}`;
}

function problemLine(fault: Fault): string {
  return `${fault.code}: ${fault.detail} (${fault.path ?? Object.values(fault.values ?? {}).join(', ')})`;
}

export async function runPack(
  context: CommandContext,
  version: string,
  options: ReadOptions & {
    readonly repo: string;
    readonly output: string;
    readonly product?: string;
    readonly channel?: string;
    readonly platform?: string;
  },
): Promise<Result<Verdict>> {
  const anchor = await readAnchorOf(context, options.repo, options);
  if (!anchor.ok) return anchor;
  const { product, channel, platform } = options;
  const output = context.path(options.output);
  const request = { repository: context.path(options.repo), anchor: anchor.value, output };
  const choice = { version, product, channel, platform };
  const packed = await packOmu(context.dependencies.files, { ...request, choice });
  if (!packed.ok) return packed;
  const { release, length } = packed.value;
  return done([`${nameOf(release)} is in ${output}, ${String(length)} bytes.`], { output, length, release });
}

export function nameOf({ product, channel, version, platform }: Release): string {
  return `${product} ${version} ${channel} ${platform}`;
}

function done(lines: readonly string[], value: Readonly<Record<string, unknown>>): Result<Verdict> {
  return succeed({ status: EXIT_STATUS.done, lines, value });
}
