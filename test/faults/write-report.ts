import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import type { FaultReport } from '../../scripts/pages/reliability.ts';

/** The counts of a run with all that one has to know to judge them; `npm run docs` makes the table of it. */
export function writeReport(
  file: string,
  run: Pick<FaultReport, 'full' | 'options' | 'commit' | 'minutes' | 'counts'>,
): void {
  const report: FaultReport = {
    ...run,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}`,
  };
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
