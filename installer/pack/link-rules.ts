import type { ManifestEntry } from '../release.ts';
import { PATH_LIMIT, parentOf, pathProblem } from './path-rules.ts';

/** Links followed until a target counts as a cycle (Linux gives up at 40, path_resolution(7)). */
const HOPS_LIMIT = 40;

/**
 * Why a link may not stand in a bundle, or undefined when it may: it has to be relative, to stay inside whatever links it
 * passes, and to end at a file or folder of the bundle that does not hold the link itself.
 */
export function linkProblem(
  link: Extract<ManifestEntry, { kind: 'link' }>,
  entries: ReadonlyMap<string, ManifestEntry>,
): string | undefined {
  const form = formProblem(link.target);
  if (form !== undefined) return form;
  const end = resolve(parentOf(link.path), link.target, entries, { hops: 0 });
  if (end.kind === 'refused') return end.why;
  if (end.path === '' || link.path.startsWith(`${end.path}/`)) return 'the link leads to a folder that holds it';
  return undefined;
}

function formProblem(target: string): string | undefined {
  if (target === '' || target.length > PATH_LIMIT) return 'the link has no target or one that is too long';
  if (target.startsWith('/')) return 'the link is absolute';
  const names = target.split('/').filter((name) => name !== '.' && name !== '..');
  if (names.length === 0) return undefined;
  const problem = pathProblem(names.join('/'));
  return problem === undefined ? undefined : `the link's target is refused: ${problem}`;
}

type Resolution =
  { readonly kind: 'inside'; readonly path: string } | { readonly kind: 'refused'; readonly why: string };

/** Walks a link's target name by name, as the OS would, on the manifest alone. */
function resolve(
  folder: string,
  target: string,
  entries: ReadonlyMap<string, ManifestEntry>,
  budget: { hops: number },
): Resolution {
  let at = folder;
  for (const name of target.split('/')) {
    if (name === '.') continue;
    if (name === '..') {
      if (at === '') return { kind: 'refused', why: 'the link leaves the bundle' };
      at = parentOf(at);
      continue;
    }
    const path = at === '' ? name : `${at}/${name}`;
    const entry = entries.get(path);
    if (entry === undefined) return { kind: 'refused', why: 'the link leads to nothing' };
    if (entry.kind !== 'link') {
      at = path;
      continue;
    }
    budget.hops += 1;
    if (budget.hops > HOPS_LIMIT) return { kind: 'refused', why: 'the link leads through a cycle of links' };
    const end = resolve(at, entry.target, entries, budget);
    if (end.kind === 'refused') return end;
    at = end.path;
  }
  return { kind: 'inside', path: at };
}
