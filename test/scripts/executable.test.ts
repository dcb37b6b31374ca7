import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/executable/bundle.ts';
import { makeExecutable } from '../../scripts/executable/executable.ts';
import { TARGETS, thisPlatform } from '../../scripts/executable/targets.ts';

const run = promisify(execFile);
const target = TARGETS.find(({ name }) => name === thisPlatform());
const PROGRAMS = new Map([
  ['om-launcher', "console.log('launcher', process.argv.slice(2).join(' '), require('node:os').EOL === '\\n');"],
  [
    'om-publish',
    "console.log('publish', __filename === process.execPath, require('fable').moral, require('fable').moral);",
  ],
]);
const APART = new Map([
  ['fable', "let told = 0; module.exports = { get moral() { return 'slowly ' + (told += 1); } };"],
]);
/** A build writes 100 MB twice. */
const BUILD_LIMIT_MS = 90_000;

describe.runIf(target !== undefined && target.format !== 'mach-o')('the single executable', () => {
  let folder: string;
  let executable: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'om-executable-'));
    executable = path.join(folder, 'om-launcher-1.2.3-here');
    if (target) await makeExecutable(executable, target, '1.2.3', PROGRAMS, APART);
  }, BUILD_LIMIT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('answers --version, and gives every other argument to the program', async () => {
    expect((await run(executable, ['--version'])).stdout).toBe('1.2.3\n');
    expect((await run(executable, ['status', '--version'])).stdout).toBe('launcher status --version true\n');
  });

  it('is the program whose name it carries', async () => {
    await symlink(executable, path.join(folder, 'om-publish'));
    await copyFile(executable, path.join(folder, 'renamed'));
    // A package that lies apart is found, and loaded once.
    expect((await run(path.join(folder, 'om-publish'))).stdout).toBe('publish true slowly 1 slowly 2\n');
    expect((await run(path.join(folder, 'renamed'))).stdout).toContain('launcher');
  });

  it('takes no options of Node from its environment or arguments', async () => {
    expect((await run(executable, ['--eval', '1'])).stdout).toContain('launcher --eval 1');
  });

  it('is the same bytes each time, and not larger than Node itself', { timeout: BUILD_LIMIT_MS }, async () => {
    const again = path.join(folder, 'again');
    if (target) await makeExecutable(again, target, '1.2.3', PROGRAMS, APART);
    expect(await digest(again)).toBe(await digest(executable));
    expect((await stat(executable)).size).toBeLessThanOrEqual((await stat(process.execPath)).size);
  });
});

describe('a bundle', () => {
  it('holds its dependencies and is the same text each time', async () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const text = await bundle(root, 'platform/result.ts');
    expect(text).toContain('succeed');
    expect(await bundle(root, 'platform/result.ts')).toBe(text);
  });
});

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
