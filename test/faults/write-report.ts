import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import type { FaultReport } from '../../scripts/pages/reliability.ts';

/** The counts of a run with all that one has to know to judge them; `npm run docs` makes the table of it. */
export function writeReport(file: string, run: Pick<FaultReport, 'full' | 'options' | 'counts'>): void {
  const report: FaultReport = {
    full: run.full,
    options: run.options,
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}`,
    minutes: Math.round(performance.now() / 60_000),
    counts: run.counts,
  };
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
