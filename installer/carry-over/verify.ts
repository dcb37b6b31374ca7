import { join, posix } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { FileManifest } from '../release.ts';
import type { CarryOverRule } from './carry-over.ts';
import { checkJson, checkKeyPair, checkXml } from './checks.ts';
import { compileRules, type RuleOf } from './entries.ts';
import type { FoldName } from './pattern.ts';
import type { Copy } from './placement.ts';

/** Settings and certificates are small; a larger one is not what its name says. */
export const CHECKED_FILE_LIMIT_BYTES = 16 * 1024 * 1024;

export interface VerifyInput {
  readonly installed: string;
  readonly staged: string;
  readonly rules: readonly CarryOverRule[];
  readonly next: FileManifest;
  readonly fold: FoldName;
  readonly nowMs: number;
}

/**
 * Checks what will be carried before a byte of it goes into the new bundle. Succeeds with warnings.
 *
 * `carry-over-invalid` names file and reason.
 */
export async function verifyCopies(
  files: Files,
  copies: readonly Copy[],
  input: VerifyInput,
): Promise<Result<readonly string[]>> {
  const warnings: string[] = [];
  const pairFolders = new Map<string, Copy[]>();
  for (const copy of copies) {
    if (copy.check === undefined) continue;
    if (copy.check === 'key-pair') {
      const folder = posix.dirname(copy.to);
      pairFolders.set(folder, [...(pairFolders.get(folder) ?? []), copy]);
      continue;
    }
    const checked = await checkOne(files, join(input.installed, copy.from), copy.check);
    if (!checked.ok) return checked;
  }
  for (const pair of pairFolders.values()) {
    const checked = await checkPair(files, pair, input);
    if (!checked.ok) return checked;
    warnings.push(...checked.value);
  }
  return succeed(warnings);
}

async function checkOne(files: Files, path: string, check: 'xml' | 'json'): Promise<Result<void>> {
  const content = await files.readBytes(path, CHECKED_FILE_LIMIT_BYTES);
  if (!content.ok) return content;
  const verdict = check === 'xml' ? checkXml(content.value) : checkJson(content.value);
  return verdict.ok ? verdict : invalid(path, verdict.fault);
}

/** The pair as it will lie in the new bundle: carried files from the installed one, the rest from the release. */
async function checkPair(files: Files, pair: readonly Copy[], input: VerifyInput): Promise<Result<readonly string[]>> {
  const carried = pair.map((copy) => ({ to: copy.to, source: join(input.installed, copy.from) }));
  const shipped = partnersInRelease(pair, compileRules(input.rules, input.fold), input).map((path) => ({
    to: path,
    source: join(input.staged, path),
  }));
  const read = [];
  for (const { to, source } of [...carried, ...shipped]) {
    const content = await files.readBytes(source, CHECKED_FILE_LIMIT_BYTES);
    if (!content.ok) return content;
    read.push({ path: to, content: content.value });
  }
  const verdict = checkKeyPair(read, input.nowMs);
  const first = carried[0]?.source ?? input.installed;
  if (!verdict.ok) return invalid(first, verdict.fault);
  return succeed(verdict.value.map((warning) => `${posix.dirname(pair[0]?.to ?? '')}: ${warning}`));
}

function partnersInRelease(pair: readonly Copy[], ruleOf: RuleOf, { next, fold }: VerifyInput): readonly string[] {
  const carried = new Set(pair.map(({ to }) => fold(to)));
  const folder = fold(posix.dirname(pair[0]?.to ?? ''));
  return next.entries
    .filter((entry) => entry.kind === 'file' && fold(posix.dirname(entry.path)) === folder)
    .map(({ path }) => path)
    .filter((path) => ruleOf(path)?.check === 'key-pair' && !carried.has(fold(path)));
}

function invalid(path: string, reason: string): Result<never> {
  return fail(faultOf('carry-over-invalid', reason, { path, operation: 'check', values: { reason } }));
}
