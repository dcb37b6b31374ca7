import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { makeLauncherProgram } from './launcher-program.ts';
import { chooseCases, type MatrixOptions, planCases, runMatrix, runPairs, type Tally } from './matrix.ts';
import { type PowerReport, runPowerCuts } from './power.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { makeBase, onSlots, openSlot } from './slots.ts';
import { hasStrace } from './traced-launcher.ts';
import { writeReport } from './write-report.ts';

/** A run without options has this many of each. */
const [PAIRS, CUTS] = [100, 100];

/**
 * `npm run faults [-- --only PATTERN] [--sample N] [--pairs N] [--cuts N] [--seed N] [--every] [--report FILE] [--json]`: strikes the real launcher at
 * every system call that changes one of its folders, and looks at what the next start makes of it. Ends with 1 when a case is
 * broken or was not hit, when the control of the power cuts passes, or when nothing could be run.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    pairs: { type: 'string', default: String(PAIRS) },
    cuts: { type: 'string', default: String(CUTS) },
    seed: { type: 'string', default: '1' },
    every: { type: 'boolean', default: false },
    report: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** Half of a case's time is a pause of the launcher. */
const AT_ONCE = 2 * availableParallelism();
const say = (line: string): void => console.log(line);
const options: MatrixOptions = {
  ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
  ...(values.sample === undefined ? {} : { sample: Number(values.sample) }),
  pairs: Number(values.pairs),
  seed: Number(values.seed),
};

if (hasStrace()) {
  await runAll();
} else {
  say('not run: needs strace (Linux; apt-get install strace)');
  process.exitCode = 1;
}

async function runAll(): Promise<void> {
  const base = makeBase();
  // Every launcher of a run compiles the same sources.
  process.env['NODE_COMPILE_CACHE'] = `${base.path}/compiled`;
  const program = await makeLauncherProgram(base.path);
  const slots = Array.from({ length: AT_ONCE }, (_, number) => openSlot(base.path, number, program));
  try {
    const cases = await planCases(slots, scenariosFor(options.only), values.every, say);
    const singles = await runMatrix(slots, chooseCases(cases, options), say);
    const pairs = await runPairs(
      slots,
      chooseCases(cases, { pairs: 0, seed: 0, ...(options.only === undefined ? {} : { only: options.only }) }),
      options,
      say,
    );
    const power = await runPowerCuts(base.path, program, { cuts: Number(values.cuts), seed: options.seed }, say);
    report(singles, pairs, power);
  } finally {
    await onSlots(slots, slots, async (_, slot) => slot.close());
    base.remove();
  }
}

/** Options may make a run larger, not smaller. */
function isFull(): boolean {
  const { only, sample, pairs, cuts } = values;
  return only === undefined && sample === undefined && Number(pairs) >= PAIRS && Number(cuts) >= CUTS;
}

/** A pattern that names scenarios (`update:`) spares the recording of the others. */
function scenariosFor(only: RegExp | undefined): readonly Scenario[] {
  const named = SCENARIOS.filter(({ name }) => only?.source.includes(`${name}:`));
  return named.length > 0 ? named : SCENARIOS;
}

function report(singles: Tally, pairs: Tally, power: PowerReport): void {
  for (const { broken, notHit } of [singles, pairs, power.tally]) {
    for (const title of broken) say(`BROKEN  ${title}`);
    for (const title of notHit) say(`NOT HIT  ${title}`);
  }
  say(`ends: ${JSON.stringify(singles.outcomes)}`);
  const all = [singles, pairs, power.tally];
  const whole = all.every(({ broken, notHit }) => broken.length + notHit.length === 0);
  process.exitCode = whole && power.control !== 'passed' ? 0 : 1;
  const line = {
    points: singles.planned,
    hit: singles.hit,
    broken: singles.broken.length,
    pairs: pairs.hit,
    pairsBroken: pairs.broken.length,
    powerCuts: power.tally.hit,
    powerBroken: power.tally.broken.length,
    control: power.control === 'failed' ? 'failed as it must' : power.control,
  };
  if (values.report !== undefined) {
    writeReport(values.report, { full: isFull(), options: process.argv.slice(2).join(' '), counts: line });
  }
  say(
    values.json
      ? JSON.stringify(line)
      : Object.entries(line)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
  );
}
