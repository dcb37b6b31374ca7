import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../launcher/cli/exit-status.ts';
import type { OperatingSystem } from '../platform/machine.ts';
import { commandsIn, complaintAbout } from './kit/command-mentions.ts';
import { loadGood, machineOf } from './launcher/configuration/example.ts';

const root = path.resolve(import.meta.dirname, '..');
const pages = pagesBelow('.');

describe('links between the pages', () => {
  it('are looked at in all of them', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/runbook.md']));
  });

  it.each(pages)('%s: every relative link leads somewhere', (page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('notices a file and a heading that are not there', () => {
    expect(leadsSomewhere('README.md', 'docs/nothing.md')).toBe(false);
    expect(leadsSomewhere('README.md', 'docs/architecture.md#no-such-heading')).toBe(false);
  });

  it('lead from README.md to every page', () => {
    const reached = new Set(linksOf('README.md').map((link) => link.split('#')[0]));
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });
});

describe('what the pages tell people to type', () => {
  it.each(pages)('%s: the launcher understands its commands', (page) => {
    const commands = proseOf(page).flatMap(commandsIn).concat(typedIn(page));
    expect(commands.map(plain).filter((command) => complaintAbout(command) !== undefined)).toEqual([]);
  });

  it('is found in the guide', () => {
    expect(typedIn('docs/operators-guide.md')).toContain('om-launcher update --dry-run');
    expect(proseOf('docs/operators-guide.md').flatMap(commandsIn)).toContain('om-launcher cancel');
  });

  it('README.md names the commands that .ci/run calls', () => {
    const ci = readFileSync(path.join(root, '.ci/run'), 'utf8');
    expect(read('README.md')).toContain('\nnpm ci && npm test\n');
    expect(ci).toMatch(/^if ! npm ci /m);
    expect(ci).toMatch(/^npm test /m);
  });
});

describe('the configurations of the guide', () => {
  const guide = read('docs/operators-guide.md');
  const examples = Array.from(guide.matchAll(/```jsonc\n([\s\S]*?)```/g), (match) => ({
    text: match[1] ?? '',
    system: systemOf(match[1] ?? ''),
  }));

  it('are there for every system', () => {
    expect(new Set(examples.map(({ system }) => system))).toEqual(new Set(['linux', 'windows', 'macos']));
  });

  it.each(examples)('$system: holds no mistake', async ({ text, system }) => {
    expect((await loadGood(text, machineOf(system))).updatesBlocked).toEqual([]);
  });
});

it('the guide tells every exit status', () => {
  const told = Array.from(read('docs/operators-guide.md').matchAll(/^\| (\d+) /gm), (match) => Number(match[1]));
  expect(told).toEqual(Object.values(EXIT).toSorted((one, other) => one - other));
});

function systemOf(text: string): OperatingSystem {
  if (/"[A-Z]:\//.test(text)) return 'windows';
  return text.includes('/Applications/') ? 'macos' : 'linux';
}

function pagesBelow(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|coverage|\..*)$/.test(entry.name) ? [] : pagesBelow(file);
    return entry.name.endsWith('.md') ? [file] : [];
  });
}

function read(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

/** Targets of links and pictures that stay in the project. */
function linksOf(page: string): readonly string[] {
  const prose = read(page)
    .replaceAll(/```[\s\S]*?```/g, '')
    .replaceAll(/`[^`\n]*`/g, '');
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), (match) => match[1] ?? '');
  return targets.filter((target) => !/^[a-z]+:/i.test(target));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
  if (!existsSync(path.join(root, target))) return false;
  return heading === undefined || anchorsOf(target).includes(heading);
}

/** As the usual renderers make them of headings. */
function anchorsOf(page: string): readonly string[] {
  return Array.from(read(page).matchAll(/^#+ (.+)$/gm), (match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

function proseOf(page: string): readonly string[] {
  return read(page)
    .replaceAll(/```[\s\S]*?```/g, '')
    .split('\n')
    .map((line) => line.replace(/: om-launcher .*$/, ''));
}

/** Lines of terminal sessions that begin with the prompt. */
function typedIn(page: string): readonly string[] {
  return Array.from(read(page).matchAll(/^\$ (om-launcher\b.*)$/gm), (match) => match[1] ?? '');
}

/** Usages as `docs/cli.md` writes them: the optional parts are left out. */
function plain(command: string): string {
  return command.replaceAll(/ \[[^\]]*\]/g, '').replaceAll('DURATION', '5m');
}
