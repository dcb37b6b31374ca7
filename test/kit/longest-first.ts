import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of half a minute and more, the longest first: one that began last would leave the other cores without work. */
const LONG = [
  'test/faults/sample.test.ts',
  'test/e2e/fallback.test.ts',
  'test/e2e/node-red.test.ts',
  'test/e2e/crash.test.ts',
  'test/e2e/refusal.test.ts',
  'test/e2e/hostile.test.ts',
  'test/e2e/rollback.test.ts',
  'test/supervisor/launcher-kills.test.ts',
  'test/launcher/cli/cli.test.ts',
  'test/model/seeds-1.test.ts',
  'test/model/seeds-2.test.ts',
  'test/soak/soak.test.ts',
  'test/e2e/damage.test.ts',
];

/** Whole machines: most of these files take longer than any that has no rank. */
const SCENES = '/test/e2e/';

/** The known long files in front, then the scenes; all others as Vitest would take them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    return others.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
  if (rank !== -1) return rank;
  return moduleId.includes(SCENES) ? LONG.length : LONG.length + 1;
}
