import { LOCAL_CHANGES } from '../kit/om-site.ts';
import { MAILS_EXPECTED, type Play, type Scene } from './scenes.ts';

/** What the demonstration showed; the last line of `--json`. */
export interface DemoReport {
  readonly ok: boolean;
  readonly update: boolean;
  readonly fallback: boolean;
  readonly rollback: boolean;
  readonly carriedOver: boolean;
  /** Users' notices, all scenes. */
  readonly usersWarned: number;
  readonly mails: number;
  readonly downtimeMs: { readonly update: number; readonly fallback: number; readonly rollback: number };
  readonly warnedAtSecondsLeft: Readonly<Record<Scene['name'], readonly number[]>>;
  readonly carriedFiles: readonly string[];
  readonly mailSubjects: readonly string[];
}

/** The local changes and the renamed structure file. */
const CARRIED_FILES = Object.keys(LOCAL_CHANGES).length + 1;

export function reportOf({ scenes, mails }: Play): DemoReport {
  const of = (name: Scene['name']): Scene => {
    const found = scenes.find((scene) => scene.name === name);
    if (found === undefined) {
      throw new Error(`the scene ${name} was not played`);
    }
    return found;
  };
  const good = (name: Scene['name']): boolean => {
    const { view, expected, running, expectedVersion, notices } = of(name);
    return view.state === expected && running === expectedVersion && notices.length > 0;
  };
  const downtime = (name: Scene['name']): number => of(name).view.downtimeMs ?? -1;
  const seconds = (name: Scene['name']): readonly number[] =>
    of(name).notices.flatMap(({ secondsLeft }) => secondsLeft ?? []);
  const carriedOver = scenes.every(({ carried }) => carried.length === CARRIED_FILES);
  const parts = { update: good('update'), fallback: good('fallback'), rollback: good('rollback'), carriedOver };
  return {
    ok: Object.values(parts).every(Boolean) && mails.length === MAILS_EXPECTED,
    ...parts,
    usersWarned: scenes.reduce((sum, { notices }) => sum + notices.length, 0),
    mails: mails.length,
    downtimeMs: { update: downtime('update'), fallback: downtime('fallback'), rollback: downtime('rollback') },
    warnedAtSecondsLeft: { update: seconds('update'), fallback: seconds('fallback'), rollback: seconds('rollback') },
    carriedFiles: of('update').carried,
    mailSubjects: mails.map(({ subject }) => subject),
  };
}

export function printReport(report: DemoReport, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(report));
    return;
  }
  const verdict = (good: boolean): string => (good ? 'ok' : 'FAILED');
  const row = (name: 'update' | 'fallback' | 'rollback'): string[] => [
    name,
    verdict(report[name]),
    `${(report.downtimeMs[name] / 1000).toFixed(1)} s`,
    report.warnedAtSecondsLeft[name].map((seconds) => `${seconds} s`).join(', '),
  ];
  const rows = [['', 'result', 'downtime', 'users warned, time left'], row('update'), row('fallback'), row('rollback')];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  console.log('');
  for (const cells of rows) {
    console.log(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  }
  console.log(`\nCarried over (${verdict(report.carriedOver)}): ${report.carriedFiles.join(', ')}`);
  console.log(`Mails (${report.mails}): ${report.mailSubjects.join(' | ')}`);
  console.log(report.ok ? '\nEverything happened as it must.' : '\nSomething did not happen as it must.');
}
