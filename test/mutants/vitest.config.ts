import { defineConfig } from 'vitest/config';

/** The quick tests of the pure core: `npm run mutants` runs them against each change of it. */
export default defineConfig({
  test: {
    // Stryker has a limit of its own for each change.
    testTimeout: 120_000,
    include: [
      'test/installer/update/next-move.test.ts',
      'test/installer/update/journal.test.ts',
      'test/installer/update/facts.test.ts',
      'test/installer/update/journal-entry.test.ts',
      'test/installer/update/swap-plan.test.ts',
      'test/installer/update/take-over.test.ts',
      'test/installer/update/download-window.test.ts',
      'test/supervisor/state-table.test.ts',
      'test/supervisor/restart-policy.test.ts',
    ],
  },
});
