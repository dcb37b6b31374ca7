import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { ONE_FILE } from './test/kit/launcher-command.ts';
import { LongestFirst } from './test/kit/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/kit/one-launcher.ts'],
    testTimeout: 20_000,
    // Putting away what a scene started takes long on a crowded machine.
    hookTimeout: 60_000,
    // Twice the cores of the reference machine: the suites wait for real programs, and with three workers 13 % of two cores lay idle.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    env: {
      // Launchers and servers that the suites start again and again find their code compiled: half of each start. Node's own cache.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? resolve(import.meta.dirname, '.cache/compiled'),
      [ONE_FILE]: resolve(import.meta.dirname, '.cache/launcher.cjs'),
    },
    // A leaked handle must show as a failure, not as a slow end.
    teardownTimeout: 5_000,
  },
});
