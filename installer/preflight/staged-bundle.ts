import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** A bundle's parts lie at its root (Windows, Linux) or below `Contents` (macOS). */
const ROOTS = ['', 'Contents'];
const PLATFORM_WORDS = { windows: /win/i, macos: /mac|osx/i } as const;

/**
 * The staged bundle has what the installed one has and a server cannot do without: a structure file, and for each
 * client platform the archive from which OM Client updates itself. `bundle-incomplete` names what is missing.
 */
export async function checkStagedBundle(
  files: Files,
  { installed, staged }: { readonly installed: string; readonly staged: string },
): Promise<Result<void>> {
  for (const root of ROOTS) {
    const structure = await checkStructure(files, join(installed, root), join(staged, root));
    if (!structure.ok) return structure;
    const archives = await checkArchives(files, join(installed, root), join(staged, root));
    if (!archives.ok) return archives;
  }
  return succeed();
}

async function checkStructure(files: Files, installed: string, staged: string): Promise<Result<void>> {
  const isStructure = (name: string): boolean => /\.4dz$/i.test(name);
  const [before, after] = [
    await filledFiles(files, join(installed, 'Server Database'), isStructure),
    await filledFiles(files, join(staged, 'Server Database'), isStructure),
  ];
  if (!before.ok) return before;
  if (!after.ok) return after;
  if (before.value.length === 0 || after.value.length > 0) return succeed();
  return incomplete(join(staged, 'Server Database'), 'the structure file (.4DZ) is missing');
}

async function checkArchives(files: Files, installed: string, staged: string): Promise<Result<void>> {
  const isArchive = (name: string): boolean => /\.4darchive$/i.test(name);
  const [before, after] = [
    await filledFiles(files, join(installed, 'Upgrade4DClient'), isArchive),
    await filledFiles(files, join(staged, 'Upgrade4DClient'), isArchive),
  ];
  if (!before.ok) return before;
  if (!after.ok) return after;
  for (const [platform, word] of Object.entries(PLATFORM_WORDS)) {
    const lost = before.value.some((name) => word.test(name)) && !after.value.some((name) => word.test(name));
    if (lost) return incomplete(join(staged, 'Upgrade4DClient'), `the client archive for ${platform} is missing`);
  }
  return succeed();
}

/** Names of the files in a folder that are not empty; none where the folder is missing. */
async function filledFiles(
  files: Files,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<Result<readonly string[]>> {
  const names = await files.list(folder);
  if (!names.ok) return ['not-found', 'path-refused'].includes(names.fault.code) ? succeed([]) : names;
  const filled: string[] = [];
  for (const name of names.value.filter(wanted)) {
    const facts = await files.facts(join(folder, name));
    if (!facts.ok) return facts;
    if (facts.value?.kind === 'file' && facts.value.size > 0) filled.push(name);
  }
  return succeed(filled);
}

function incomplete(path: string, detail: string): Result<never> {
  return fail(faultOf('bundle-incomplete', detail, { path }));
}
