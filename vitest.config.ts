import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // Putting away what a scene started takes long on a crowded machine.
    hookTimeout: 60_000,
    // Two workers: the suites start real programs, and the reference machine has two cores.
    maxWorkers: 2,
    // Launchers and servers that the suites start again and again find their code compiled: half of each start. Node's own cache.
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? resolve(import.meta.dirname, '.cache/compiled') },
    // A leaked handle must show as a failure, not as a slow end.
    teardownTimeout: 5_000,
  },
});
