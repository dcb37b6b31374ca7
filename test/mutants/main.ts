import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Accepted, judge, type MutantReport } from './survivors.ts';

/**
 * `npm run mutants [-- --judge]`: changes the pure core in one place after the other and runs its tests against each change. Ends with 1 when
 * a change is not noticed that `accepted.json` gives no reason for, or a reason there has no survivor any more. `--judge` only
 * holds the last run's report against the list.
 */
const { values } = parseArgs({ options: { judge: { type: 'boolean', default: false } } });

const ROOT = resolve(import.meta.dirname, '../..');
const REPORT = join(ROOT, '.cache/mutants.json');
const say = (line: string): void => console.log(line);

if (!values.judge) runStryker();
const report = JSON.parse(readFileSync(REPORT, 'utf8')) as MutantReport;
const accepted = JSON.parse(readFileSync(join(import.meta.dirname, 'accepted.json'), 'utf8')) as readonly Accepted[];
const { mutants, killed, unexplained, stale } = judge(report, accepted);
for (const { file, line, mutator, original, replacement } of unexplained) {
  say(`SURVIVED  ${file}:${line} ${mutator}: ${oneLine(original)} → ${oneLine(replacement)}`);
}
for (const { file, mutator, original, replacement } of stale) {
  say(`STALE  ${file} ${mutator}: ${oneLine(original)} → ${oneLine(replacement)}`);
}
process.exitCode = unexplained.length + stale.length === 0 ? 0 : 1;
say(
  JSON.stringify({ mutants, killed, accepted: accepted.length, unexplained: unexplained.length, stale: stale.length }),
);

function runStryker(): void {
  const { status } = spawnSync('stryker', ['run', 'test/mutants/stryker.config.json'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
  });
  if (status !== 0) throw new Error(`stryker ended with ${status}`);
}

const SHOWN = 200;

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, SHOWN);
}
