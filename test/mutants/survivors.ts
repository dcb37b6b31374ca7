/** A change of the code that no test noticed. */
export interface Survivor {
  readonly file: string;
  readonly mutator: string;
  /** The text that was replaced, and by what. */
  readonly original: string;
  readonly replacement: string;
}

/** A survivor that may stay, and why. */
export interface Accepted extends Survivor {
  readonly reason: string;
  /** Where the same text was replaced at several places. Default 1. */
  readonly times?: number;
}

/** The part of Stryker's JSON report that is needed; its schema is that of mutation-testing-elements. */
export interface MutantReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** Both from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Verdict {
  readonly mutants: number;
  readonly killed: number;
  /** Survivors that nobody has given a reason for. */
  readonly unexplained: readonly (Survivor & { readonly line: number })[];
  /** Reasons for what does not survive any more. */
  readonly stale: readonly Accepted[];
}

const UNNOTICED = new Set(['Survived', 'NoCoverage']);
const NOTICED = new Set(['Killed', 'Timeout']);

/** Holds what survived against what may. Pure. */
export function judge(report: MutantReport, accepted: readonly Accepted[]): Verdict {
  const mutants = Object.entries(report.files).flatMap(([file, { source, mutants: all }]) =>
    all.map((mutant) => ({ status: mutant.status, ...survivorOf(file, source, mutant) })),
  );
  const left = new Map(accepted.map((one) => [keyOf(one), one.times ?? 1]));
  const unexplained = mutants.filter((one) => {
    if (!UNNOTICED.has(one.status)) return false;
    const times = left.get(keyOf(one)) ?? 0;
    left.set(keyOf(one), times - 1);
    return times <= 0;
  });
  return {
    mutants: mutants.length,
    killed: mutants.filter(({ status }) => NOTICED.has(status)).length,
    unexplained,
    stale: accepted.filter((one) => (left.get(keyOf(one)) ?? 0) > 0),
  };
}

function survivorOf(file: string, source: string, mutant: Mutant): Survivor & { readonly line: number } {
  const { location, mutatorName: mutator, replacement = '' } = mutant;
  const original = source.slice(offsetOf(source, location.start), offsetOf(source, location.end));
  return { file, mutator, original, replacement, line: location.start.line };
}

function offsetOf(source: string, { line, column }: Place): number {
  const before = source.split('\n').slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}

function keyOf({ file, mutator, original, replacement }: Survivor): string {
  return JSON.stringify([file, mutator, original, replacement]);
}
