import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram, runScript } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const OWN = new URL('../programs/own-process.ts', import.meta.url).pathname;

describe('our own process', () => {
  test('knows its arguments and how to run itself again', async () => {
    const program = runScript(OWN, ['describe', 'a b']);
    await program.ended;
    const { args, self, isTerminal, account, platform } = JSON.parse(program.output()) as Record<string, unknown>;
    expect({ args, self, isTerminal }).toEqual({
      args: ['describe', 'a b'],
      self: [process.execPath, OWN],
      isTerminal: false,
    });
    expect(account).not.toBe('');
    expect(platform).toMatch(/^(linux|macos|windows)-(x64|arm64)$/);
  });

  test.each([
    ['SIGTERM', 'terminate'],
    ['SIGINT', 'interrupt'],
    ['SIGHUP', 'hang-up'],
  ] as const)('is told of %s instead of ending', async (signal, word) => {
    const program = runScript(OWN, ['wait']);
    await program.said(/ready/);
    program.signal(signal);
    await program.said(new RegExp(`asked to ${word}`));
    expect(await program.ended).toBe(5);
  });

  test('is told of bugs outside of every promise, and in one', async () => {
    for (const act of ['throw', 'reject']) {
      const program = runScript(OWN, [act]);
      expect(await program.ended).toBe(70);
      expect(program.errorOutput()).toContain('a bug');
    }
  });

  test('outlives a reader that leaves', async () => {
    const proof = join(temporaryFolder('pipe'), 'proof');
    const program = runProgram('/bin/sh', ['-c', `"$0" "$1" chatter "$2" | head -1`, process.execPath, OWN, proof]);
    expect(await program.ended).toBe(0);
    await expect.poll(() => existsSync(proof)).toBe(true);
  });
});
