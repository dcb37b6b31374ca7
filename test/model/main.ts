import { parseArgs } from 'node:util';
import { runModel } from './run.ts';

/** `npm run model -- --runs N --seed S`: N runs from seed S on; a failing seed is told as a story and replays exactly. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
  },
});

const [runs, first] = [Number(values.runs), Number(values.seed)];
const began = performance.now();
const outcomes: Record<string, number> = {};
let [broken, cuts] = [0, 0];
for (let seed = first; seed < first + runs; seed += 1) {
  const report = await runModel(seed);
  cuts += report.cuts;
  for (const outcome of report.outcomes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  if (report.violations.length > 0 || values.story) {
    if (report.violations.length > 0) broken += 1;
    console.log(`seed ${seed}:\n  ${report.moves.join('\n  ')}`);
  }
}
const seconds = Number(((performance.now() - began) / 1_000).toFixed(1));
console.log(JSON.stringify({ runs, firstSeed: first, broken, cuts, outcomes, seconds }));
process.exitCode = broken === 0 ? 0 : 1;
