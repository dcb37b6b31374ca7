import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { makeLauncherProgram } from './launcher-program.ts';
import { chooseCases, type MatrixOptions, type MatrixRun, recordAll, runMatrix, runPairs } from './matrix.ts';
import { type Control, runPowerCuts } from './power.ts';
import { openResults } from './results.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { makeBase, onSlots, openSlot } from './slots.ts';
import { hasStrace } from './traced-launcher.ts';
import { writeReport } from './write-report.ts';

/**
 * `npm run faults [-- --only PATTERN] [--sample N] [--pairs N] [--cuts N] [--seed N] [--every] [--report FILE] [--resume FILE] [--json]`:
 * strikes the real launcher at its system calls that change one of its folders, and looks at what the next start makes of it.
 * Without options that make it smaller: everything. Ends with 1 when a case is broken or was not hit, when the control of the
 * power cuts passes, or when nothing could be run. Asked to end (SIGINT, SIGTERM) it ends its cases and reports.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    pairs: { type: 'string' },
    cuts: { type: 'string' },
    seed: { type: 'string', default: '1' },
    every: { type: 'boolean', default: false },
    report: { type: 'string' },
    resume: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** More than a third of a case's time is pauses. */
const AT_ONCE = 5 * availableParallelism();
const say = (line: string): void => console.log(line);
const numbers = (...names: readonly ('sample' | 'pairs' | 'cuts')[]): Record<string, number> =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, Number(values[name])]])));
const options: MatrixOptions = {
  ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
  ...numbers('sample', 'pairs'),
  seed: Number(values.seed),
  every: values.every,
};
const ending = new AbortController();
const commit = commitNow();

if (hasStrace()) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort());
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
  const run: MatrixRun = { slots, results: openResults(values.resume, runName()), say, signal: ending.signal };
  let control: Control = 'not run: ended';
  try {
    const recordings = await recordAll(run, scenariosFor(options.only));
    await runMatrix(run, chooseCases(recordings, options));
    report(run, control);
    if (options.pairs !== 0) await runPairs(run, recordings, options);
    report(run, control);
    await closeSlots(run);
    control = await runPowerCuts(run, {
      base: base.path,
      program,
      ...numbers('cuts'),
      seed: options.seed,
    });
  } finally {
    await closeSlots(run);
    base.remove();
  }
  tellEnd(run, control);
}

async function closeSlots({ slots }: MatrixRun): Promise<void> {
  await onSlots(slots, slots, new AbortController().signal, async (_, slot) => slot.close());
}

/** A run is resumed by the same program with the same options only. */
function runName(): string {
  const { only, sample, pairs, cuts, seed, every } = values;
  return JSON.stringify({ commit, only, sample, pairs, cuts, seed, every });
}

/** `-dirty` by what the run plays; its own report is none of it. */
function commitNow(): string {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const dirty = git('status', '--porcelain', '--', '.', ':!docs') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${dirty ? '-dirty' : ''}`;
}

/** A pattern that names scenarios (`update:`) spares the recording of the others. */
function scenariosFor(only: RegExp | undefined): readonly Scenario[] {
  const named = SCENARIOS.filter(({ name }) => only?.source.includes(`${name}:`));
  return named.length > 0 ? named : SCENARIOS;
}

function countsOf({ results }: MatrixRun, control: Control): Readonly<Record<string, number | string>> {
  const [cases, pairs, cuts] = [results.tally('cases'), results.tally('pairs'), results.tally('cuts')];
  return {
    points: cases.planned,
    hit: cases.hit,
    broken: cases.broken.length,
    pairs: pairs.hit,
    pairsBroken: pairs.broken.length,
    powerCuts: cuts.hit,
    powerBroken: cuts.broken.length,
    control: control === 'failed' ? 'failed as it must' : control,
  };
}

/** Options may make a run larger, not smaller; one that was ended is none. */
function isFull(control: Control): boolean {
  const { only, sample, pairs, cuts } = values;
  const whole = [only, sample, pairs, cuts].every((value) => value === undefined);
  return whole && !ending.signal.aborted && control !== 'not run: ended';
}

function report(run: MatrixRun, control: Control): void {
  if (values.report === undefined) return;
  const minutes = Math.round(run.results.earlierMinutes + performance.now() / 60_000);
  const optionsShown = process.argv.slice(2).join(' ');
  writeReport(values.report, {
    full: isFull(control),
    options: optionsShown,
    commit,
    minutes,
    counts: countsOf(run, control),
  });
}

function tellEnd(run: MatrixRun, control: Control): void {
  const tallies = (['cases', 'pairs', 'cuts'] as const).map((group) => run.results.tally(group));
  for (const { broken, notHit } of tallies) {
    for (const title of broken) say(`BROKEN  ${title}`);
    for (const title of notHit) say(`NOT HIT  ${title}`);
  }
  const whole = tallies.every(({ broken, notHit }) => broken.length + notHit.length === 0);
  process.exitCode = whole && control !== 'passed' && !ending.signal.aborted ? 0 : 1;
  report(run, control);
  const counts = countsOf(run, control);
  const pieces = Object.entries(counts).map(([name, value]) => `${name} ${value}`);
  say(values.json ? JSON.stringify(counts) : pieces.join(', '));
}
