import { basename, dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { copyVerified, existingFacts } from '../data/verified-copy.ts';
import { foldersAbove } from './entries.ts';
import type { CarryOverPlan } from './plan.ts';
import type { CarryOverAction, Copy, NewFolder } from './placement.ts';

/** A copy that has not been compared yet is called `<name>` + this. */
export const UNFINISHED_SUFFIX = '.om-carrying';

export interface ApplyInput {
  readonly installed: string;
  readonly staged: string;
  readonly plan: CarryOverPlan;
}

/** Does what was planned; every act finds out by itself whether it has been done. Succeeds with warnings. */
export async function applyCarryOver(
  files: Files,
  { installed, staged, plan }: ApplyInput,
): Promise<Result<readonly string[]>> {
  const warnings: string[] = [];
  for (const folder of plan.folders) {
    const made = await makeFolder(files, folder, installed, staged);
    if (!made.ok) return made;
  }
  // Companions before the structure itself, by name: a crash between them is finished by the next run either way.
  for (const action of plan.actions) {
    const done = await act(files, action, installed, staged);
    if (!done.ok) return done;
    if (!done.value.ownerKept) warnings.push(`${action.to}: the owner could not be kept`);
  }
  return succeed(warnings);
}

async function makeFolder(
  files: Files,
  { path, mode }: NewFolder,
  installed: string,
  staged: string,
): Promise<Result<void>> {
  const source = await existingFacts(files, join(installed, path));
  if (!source.ok) return source;
  const made = await files.makeFolder(join(staged, path), mode);
  if (!made.ok) return made;
  const { owner, group } = source.value;
  const owned = await files.setOwner(join(staged, path), owner, group);
  // Only the super-user gives folders away; everybody else keeps them as his own.
  return owned.ok || owned.fault.code === 'no-permission' ? succeed() : owned;
}

interface Acted {
  readonly ownerKept: boolean;
}

const ACTED: Acted = { ownerKept: true };

async function act(files: Files, action: CarryOverAction, installed: string, staged: string): Promise<Result<Acted>> {
  switch (action.kind) {
    case 'rename': {
      const renamed = await rename(files, action, staged);
      return renamed.ok ? succeed(ACTED) : renamed;
    }
    case 'remove': {
      const removed = await files.remove(join(staged, action.to));
      if (!removed.ok) return removed;
      const synced = await files.syncFolder(dirname(join(staged, action.to)));
      return synced.ok ? succeed(ACTED) : synced;
    }
    case 'copy':
      return copy(files, action, installed, staged);
  }
}

/** The new structure may bear its shipped name or, after an earlier pass, the wanted one; both are known by their digest. */
async function rename(
  files: Files,
  action: Extract<CarryOverAction, { kind: 'rename' }>,
  staged: string,
): Promise<Result<void>> {
  const [from, to] = [join(staged, action.from), join(staged, action.to)];
  const source = await files.facts(from);
  if (!source.ok) return source;
  if (source.value !== undefined) return files.renameNew(from, to);
  const target = await files.facts(to);
  if (!target.ok) return target;
  const digest = target.value?.kind === 'file' ? await files.digest(to) : undefined;
  if (digest?.ok === false) return digest;
  if (digest?.value === action.sha256) return succeed();
  return fail(faultOf('bundle-incomplete', 'the new structure file is missing', { path: from, operation: 'rename' }));
}

async function copy(files: Files, action: Copy, installed: string, staged: string): Promise<Result<Acted>> {
  const solid = await refuseLinkedFolders(files, staged, action.to);
  if (!solid.ok) return solid;
  const from = join(installed, action.from);
  const to = join(staged, action.to);
  const temporary = join(dirname(to), basename(to) + UNFINISHED_SUFFIX);
  if (action.entry.kind === 'link') {
    const linked = await copyLink(files, action.entry.target, to, temporary);
    return linked.ok ? succeed(ACTED) : linked;
  }
  const there = await isThere(files, action.entry, to);
  if (!there.ok) return there;
  if (there.value) return succeed(ACTED);
  const copied = await copyVerified(files, { from, to, temporary });
  if (!copied.ok) return copied;
  if (copied.value !== 'unsteady' && copied.value.sha256 === action.entry.sha256) return succeed(copied.value);
  const detail = 'it changed after it had been looked at; try again';
  return fail(faultOf('io-error', detail, { path: from, operation: 'copy' }));
}

/** Never writes through a link: every folder above the target must be one, now, on the disk. */
async function refuseLinkedFolders(files: Files, staged: string, path: string): Promise<Result<void>> {
  for (const folder of foldersAbove(path)) {
    const facts = await files.facts(join(staged, folder));
    if (!facts.ok) return facts;
    if (facts.value?.kind !== 'folder') {
      return fail(faultOf('path-refused', 'not a folder', { path: join(staged, folder), operation: 'copy' }));
    }
  }
  return succeed();
}

/** Carried by an earlier pass already? Bytes and mode decide. */
async function isThere(
  files: Files,
  entry: Extract<Copy['entry'], { kind: 'file' }>,
  to: string,
): Promise<Result<boolean>> {
  const facts = await files.facts(to);
  if (!facts.ok) return facts;
  const { value } = facts;
  if (value?.kind !== 'file' || value.size !== entry.size || value.mode !== entry.mode) return succeed(false);
  const digest = await files.digest(to);
  return digest.ok ? succeed(digest.value === entry.sha256) : digest;
}

async function copyLink(files: Files, target: string, to: string, temporary: string): Promise<Result<void>> {
  const facts = await files.facts(to);
  if (!facts.ok) return facts;
  const current = facts.value?.kind === 'link' ? await files.readLink(to) : undefined;
  if (current?.ok === true && current.value === target) return succeed();
  for (const path of [temporary, to]) {
    const removed = await files.remove(path);
    if (!removed.ok) return removed;
  }
  const made = await files.makeLink(target, to);
  return made.ok ? files.syncFolder(dirname(to)) : made;
}
