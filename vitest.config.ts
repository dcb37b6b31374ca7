import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two workers: the suites start real programs, and the reference machine has two cores.
    maxWorkers: 2,
    // A leaked handle must show as a failure, not as a slow end.
    teardownTimeout: 5_000,
  },
});
