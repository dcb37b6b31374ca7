import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CarryOverReport, CarryOverRule } from '../../../installer/carry-over/carry-over.ts';
import type { BundleEntry } from '../../../installer/carry-over/entries.ts';
import { foldFor } from '../../../installer/carry-over/pattern.ts';
import { carriedBy, planCarryOver } from '../../../installer/carry-over/plan.ts';
import { officeMakerRules } from '../../../installer/carry-over/presets.ts';
import type { FileManifest, ManifestEntry } from '../../../installer/release.ts';

/** Path → content; `→ x` is a link to x, a path ending in `/` a folder. */
type Tree = Readonly<Record<string, string>>;

function entries(tree: Tree): ManifestEntry[] {
  return Object.entries(tree).map(([path, content]): ManifestEntry => {
    if (path.endsWith('/')) return { kind: 'folder', path: path.slice(0, -1), mode: 0o755 };
    if (content.startsWith('→ ')) return { kind: 'link', path, target: content.slice(2) };
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { kind: 'file', path, mode: 0o644, size: content.length, sha256 };
  });
}

const manifest = (tree: Tree): FileManifest => ({ schema: 1, version: '1', entries: entries(tree), objects: [] });
const bundle = (tree: Tree): readonly BundleEntry[] => entries(tree);

interface Scene {
  readonly rules?: readonly CarryOverRule[];
  readonly shipped?: Tree;
  readonly installed: Tree;
  readonly next: Tree;
  /** After an earlier pass; otherwise what `next` ships. */
  readonly staged?: Tree;
  readonly previous?: CarryOverReport;
  readonly os?: 'linux' | 'macos' | 'windows';
}

function plan({ rules = RULES, shipped, installed, next, staged = next, previous, os = 'linux' }: Scene) {
  return planCarryOver({
    rules,
    installed: bundle(installed),
    staged: bundle(staged),
    next: manifest(next),
    fold: foldFor(os),
    ...(shipped && { shipped: manifest(shipped) }),
    ...(previous && { previous }),
  });
}

/** What happens, as short lines: `carry a (changed-locally)`, `rename a → b`, `left a`, `reported a`; or the fault's code. */
function outcome(scene: Scene): readonly string[] {
  const planned = plan(scene);
  if (!planned.ok) return [`${planned.fault.code}: ${planned.fault.path ?? ''}`];
  const acts = planned.value.actions.map((action) => {
    switch (action.kind) {
      case 'rename':
        return `rename ${action.from} → ${action.to}`;
      case 'copy':
        return `carry ${action.to} (${action.reason})`;
      case 'remove':
        return `remove ${action.to}`;
    }
  });
  const left = planned.value.leftBehind.map((path) => `left ${path}`);
  const reported = planned.value.reported.map((path) => `reported ${path}`);
  return [...acts, ...left, ...reported];
}

const RULES: readonly CarryOverRule[] = [
  { pattern: 'settings', action: 'always' },
  { pattern: 'web/**', action: 'changed' },
  { pattern: 'plug/**', action: 'report' },
  { pattern: 'db/*.4DZ', action: 'rename' },
  { pattern: 'tls/*.pem', action: 'changed', check: 'key-pair' },
];

describe('the three-way rule', () => {
  test.each<[string, Scene, readonly string[]]>([
    [
      'installed ≠ shipped: carried',
      { shipped: { settings: 'old' }, installed: { settings: 'mine' }, next: { settings: 'new' } },
      ['carry settings (changed-locally)'],
    ],
    [
      'installed = shipped: the new file wins',
      { shipped: { settings: 'old' }, installed: { settings: 'old' }, next: { settings: 'new' } },
      [],
    ],
    [
      'the new release ships it no more, but it was changed: carried',
      { shipped: { settings: 'old' }, installed: { settings: 'mine' }, next: {} },
      ['carry settings (changed-locally)'],
    ],
    [
      'unchanged and shipped no more: gone',
      { shipped: { settings: 'old' }, installed: { settings: 'old' }, next: {} },
      [],
    ],
    [
      'added where a rule names it: carried',
      { shipped: {}, installed: { 'web/': '', 'web/mine.html': 'x' }, next: {} },
      ['carry web/mine.html (added-locally)'],
    ],
    [
      'added and changed where no rule names it: left behind',
      { shipped: { exe: 'a' }, installed: { exe: 'patched', 'notes.txt': 'x' }, next: { exe: 'b' } },
      ['left exe', 'left notes.txt'],
    ],
    [
      'plug-ins: added and changed ones are reported, shipped ones are not',
      {
        shipped: { 'plug/a': '1', 'plug/b': '1' },
        installed: { 'plug/a': '1', 'plug/b': '2', 'plug/c': '3' },
        next: {},
      },
      ['reported plug/b', 'reported plug/c'],
    ],
    [
      'deleted by the admin: the new file comes back',
      { shipped: { 'web/a': '1' }, installed: {}, next: { 'web/a': '2' } },
      [],
    ],
  ])('%s', (_, scene, expected) => expect(outcome(scene)).toEqual(expected));
});

describe('an installation that we did not make', () => {
  test.each<[string, Scene, readonly string[]]>([
    [
      '`always` is carried where it differs',
      { installed: { settings: 'a' }, next: { settings: 'b' } },
      ['carry settings (changed-locally)'],
    ],
    [
      '`always` is carried where it is new',
      { installed: { settings: 'a' }, next: {} },
      ['carry settings (added-locally)'],
    ],
    [
      'the same as the new release: nothing to do',
      { installed: { settings: 'a', 'web/x': '1' }, next: { settings: 'a', 'web/x': '1' } },
      [],
    ],
    [
      '`changed` that differs is only listed',
      { installed: { 'web/x': '1', 'web/y': '2' }, next: { 'web/x': '2' } },
      ['left web/x', 'left web/y'],
    ],
    ['plug-ins are reported', { installed: { 'plug/x': '1' }, next: {} }, ['reported plug/x']],
    ['what no rule names is not even listed', { installed: { exe: '1', other: '2' }, next: { exe: '2' } }, []],
    [
      'the structure keeps its installed name',
      { installed: { 'db/OM 2.4DZ': '1' }, next: { 'db/OM.4DZ': '2' } },
      ['rename db/OM.4DZ → db/OM 2.4DZ'],
    ],
  ])('%s', (_, scene, expected) => expect(outcome(scene)).toEqual(expected));
});

describe('structure files', () => {
  test.each<[string, Scene, readonly string[]]>([
    [
      'renamed: the new one and its companion take the installed name',
      {
        shipped: { 'db/OM.4DZ': '1', 'db/OM.4DIndy': '1' },
        installed: { 'db/OM Finance 2.4DZ': '1', 'db/OM Finance 2.4DIndy': '1' },
        next: { 'db/OM.4DIndy': '2', 'db/OM.4DZ': '2' },
      },
      ['rename db/OM.4DIndy → db/OM Finance 2.4DIndy', 'rename db/OM.4DZ → db/OM Finance 2.4DZ'],
    ],
    [
      'not renamed, and the vendor renames it: the vendor’s new name',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/OM.4DZ': '1' }, next: { 'db/OM Neo.4DZ': '2' } },
      [],
    ],
    [
      'renamed, and the vendor renames it too: the installed name stays',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/Mine.4DZ': '1' }, next: { 'db/OM Neo.4DZ': '2' } },
      ['rename db/OM Neo.4DZ → db/Mine.4DZ'],
    ],
    [
      'renamed and changed: renamed, and the change is told',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/Mine.4DZ': 'hacked' }, next: { 'db/OM.4DZ': '2' } },
      ['rename db/OM.4DZ → db/Mine.4DZ', 'left db/Mine.4DZ'],
    ],
    ['none anywhere: nothing', { shipped: {}, installed: {}, next: {} }, []],
    [
      'two installed: cannot be told',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/A.4DZ': '1', 'db/B.4DZ': '1' }, next: { 'db/OM.4DZ': '2' } },
      ['carry-over-invalid: db/A.4DZ'],
    ],
    [
      'two new ones: cannot be told',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/A.4DZ': '1' }, next: { 'db/B.4DZ': '2', 'db/C.4DZ': '2' } },
      ['carry-over-invalid: db/A.4DZ'],
    ],
    [
      'no new one: cannot be told',
      { shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/A.4DZ': '1' }, next: {} },
      ['carry-over-invalid: db/A.4DZ'],
    ],
    [
      'only the case differs on Windows: not renamed',
      { os: 'windows', shipped: { 'db/OM.4DZ': '1' }, installed: { 'db/om.4dz': '1' }, next: { 'db/OM.4DZ': '2' } },
      [],
    ],
  ])('%s', (_, scene, expected) => expect(outcome(scene)).toEqual(expected));
});

describe('key pairs', () => {
  test('when only the certificate was renewed, its key goes along', () => {
    const scene = {
      shipped: { 'tls/key.pem': 'K', 'tls/cert.pem': 'C' },
      installed: { 'tls/key.pem': 'K', 'tls/cert.pem': 'renewed' },
      next: { 'tls/key.pem': 'K2', 'tls/cert.pem': 'C2' },
    };
    expect(outcome(scene)).toEqual(['carry tls/cert.pem (changed-locally)', 'carry tls/key.pem (changed-locally)']);
  });
  test('an untouched pair gives way to the new one', () => {
    const pair = { 'tls/key.pem': 'K', 'tls/cert.pem': 'C' };
    expect(outcome({ shipped: pair, installed: pair, next: { 'tls/key.pem': 'K2', 'tls/cert.pem': 'C2' } })).toEqual(
      [],
    );
  });
});

describe('a source that is emptier than last time', () => {
  const report = (...paths: string[]): CarryOverReport => ({
    carried: paths.map((path) => ({ path, reason: 'changed-locally', bytes: 5, sha256: '' })),
    leftBehind: [],
    reported: [],
  });
  const shipped = { settings: 'old', 'web/a': '1', 'web/b': '1' };
  test.each<[string, Tree, CarryOverReport, readonly string[]]>([
    ['missing', {}, report('settings'), ['carry-over-emptied: settings']],
    ['empty', { settings: '' }, report('settings'), ['carry-over-emptied: settings']],
    ['back at the shipped content is no emptiness', { settings: 'old' }, report('settings'), []],
    [
      'one of two web pages removed is the admin’s own business',
      { 'web/b': '2' },
      report('web/a', 'web/b'),
      ['carry web/b (changed-locally)'],
    ],
    ['all web pages gone', {}, report('web/a', 'web/b'), ['carry-over-emptied: web/a']],
    ['what no rule names any more does not count', {}, report('forgotten'), []],
  ])('%s', (_, installed, previous, expected) => {
    expect(outcome({ shipped, installed, next: shipped, previous })).toEqual(expected);
  });
});

describe('links and obstacles', () => {
  test.each<[string, Scene, readonly string[]]>([
    [
      'a changed link inside the bundle',
      { shipped: { 'web/l': '→ a' }, installed: { 'web/l': '→ ../web/b' }, next: {} },
      ['carry web/l (changed-locally)'],
    ],
    ['an unchanged link', { shipped: { 'web/l': '→ a' }, installed: { 'web/l': '→ a' }, next: {} }, []],
    ['a link out of the bundle', { shipped: {}, installed: { 'web/l': '→ ../../etc' }, next: {} }, ['left web/l']],
    ['an absolute link', { shipped: {}, installed: { 'web/l': '→ /srv/x' }, next: {} }, ['left web/l']],
    ['a drive letter', { shipped: {}, installed: { 'web/l': '→ C:\\x' }, next: {} }, ['left web/l']],
    [
      'a link out where a rule says always',
      { shipped: {}, installed: { settings: '→ /srv/x' }, next: {} },
      ['carry-over-invalid: settings'],
    ],
    [
      'a folder where the file was',
      { shipped: {}, installed: { settings: 'x' }, next: { 'settings/': '' } },
      ['carry-over-invalid: settings'],
    ],
    [
      'a link where a folder was',
      { shipped: {}, installed: { 'web/': '', 'web/a': 'x' }, next: { web: '→ elsewhere' } },
      ['left web/a'],
    ],
  ])('%s', (_, scene, expected) => expect(outcome(scene)).toEqual(expected));
});

describe('a second pass', () => {
  test.each<[string, Scene, readonly string[]]>([
    [
      'carried again just the same',
      {
        shipped: { settings: 'old' },
        installed: { settings: 'mine' },
        next: { settings: 'new' },
        staged: { settings: 'mine' },
      },
      ['carry settings (changed-locally)'],
    ],
    [
      'added before, gone since: removed again',
      { shipped: {}, installed: {}, next: {}, staged: { 'web/mine.html': 'x' } },
      ['remove web/mine.html'],
    ],
    [
      'changed before, back at the shipped content since: as it is now',
      {
        shipped: { settings: 'old' },
        installed: { settings: 'old' },
        next: { settings: 'new' },
        staged: { settings: 'mine' },
      },
      ['carry settings (changed-locally)'],
    ],
    [
      'changed before, gone since: refused',
      { shipped: { settings: 'old' }, installed: {}, next: { settings: 'new' }, staged: { settings: 'mine' } },
      ['carry-over-emptied: settings'],
    ],
    [
      'killed between the old file’s removal and the new one’s name',
      { shipped: { settings: 'old' }, installed: { settings: 'mine' }, next: { settings: 'new' }, staged: {} },
      ['carry settings (changed-locally)'],
    ],
  ])('%s', (_, scene, expected) => expect(outcome(scene)).toEqual(expected));
});

test('folders that the new release does not have are made, outermost first, with their modes', () => {
  const installed = { 'web/': '', 'web/img/': '', 'web/img/a': 'x' };
  const planned = plan({ shipped: {}, installed, next: { 'web/': '' } });
  expect(planned.ok && planned.value.folders).toEqual([{ path: 'web/img', mode: 0o755 }]);
});

test('on Windows a carried file takes the spelling of the new release', () => {
  const scene: Scene = {
    os: 'windows',
    shipped: { settings: 'a' },
    installed: { Settings: 'b' },
    next: { settings: 'c' },
  };
  expect(outcome(scene)).toEqual(['carry settings (changed-locally)']);
});

test('the report is in the order of paths and names renamed files by their new name', () => {
  const planned = plan({
    shipped: { 'db/OM.4DZ': '1', settings: 'a' },
    installed: { settings: 'b', 'db/Mine.4DZ': '1' },
    next: { 'db/OM.4DZ': '22', settings: 'c' },
  });
  expect(planned.ok && carriedBy(planned.value).map(({ path, reason, bytes }) => [path, reason, bytes])).toEqual([
    ['db/Mine.4DZ', 'renamed', 2],
    ['settings', 'changed-locally', 1],
  ]);
});

test('the preset names every file of the vendor’s list, in both layouts', () => {
  const names = (layout: 'windows-like' | 'macos') => officeMakerRules(layout).map(({ pattern }) => pattern);
  expect(names('windows-like')).toContain('Server Database/Settings/Backup.4DSettings');
  expect(names('windows-like')).toContain('Server Database/*.4DZ');
  expect(names('macos')).toContain('Contents/Server Database/key.pem');
  expect(names('macos').every((name) => name.startsWith('Contents/'))).toBe(true);
});
