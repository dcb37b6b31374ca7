import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What `npm run faults -- --report FILE` writes. */
export interface FaultReport {
  /** Was it `npm run faults` without any option that makes it smaller? */
  readonly full: boolean;
  readonly options: string;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly minutes: number;
  readonly counts: Readonly<Record<string, number | string>>;
}

const DOCS = path.resolve(import.meta.dirname, '../../docs');
const [BEGIN, END] = ['<!-- counts: from reliability-counts.json, by npm run docs -->', '<!-- end of counts -->'];

/** The page as it is, with the table of the last report between its two marks. */
export async function reliabilityPage(): Promise<string> {
  const page = await readFile(path.join(DOCS, 'reliability.md'), 'utf8');
  const report = JSON.parse(await readFile(path.join(DOCS, 'reliability-counts.json'), 'utf8')) as FaultReport;
  const [before, rest] = halves(page, BEGIN);
  const [, after] = halves(rest, END);
  return `${before}${BEGIN}\n\n${countsOf(report)}\n\n${END}${after}`;
}

function countsOf({ full, options, date, commit, machine, minutes, counts }: FaultReport): string {
  const what = full ? 'The whole matrix' : `**A sample** (\`${options}\`), not the whole matrix,`;
  const rows = Object.entries(counts).map(([name, count]) => `| ${name} | ${count} |`);
  return [
    `${what} on ${date}, commit ${commit}, ${machine}, ${minutes} minutes:`,
    '',
    '| what | count |',
    '| --- | --- |',
    ...rows,
  ].join('\n');
}

function halves(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/reliability.md lacks its mark ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
