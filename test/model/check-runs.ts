import { type RunOptions, type RunReport, runModel } from './run.ts';

/** Plays these seeds; gives the first run that broke a property, or undefined. */
export async function firstBroken(first: number, runs: number, options?: RunOptions): Promise<RunReport | undefined> {
  for (let seed = first; seed < first + runs; seed += 1) {
    const report = await runModel(seed, options);
    if (report.violations.length > 0) return report;
  }
  return undefined;
}

/** The story of a run, as `npm run model -- --seed N --runs 1 --story` tells it. */
export function storyOf(report: RunReport | undefined): string | undefined {
  return report && `seed ${report.seed}:\n${report.moves.join('\n')}`;
}
