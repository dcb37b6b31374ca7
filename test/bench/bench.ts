/** What a bench is told. */
export interface BenchOptions {
  /** Names of the cases to run; all when empty. */
  readonly only: readonly string[];
  /** Names of the tools to compare with; all when empty. */
  readonly rivals: readonly string[];
  /** How many clients come to the repository. */
  readonly clients?: number | undefined;
  /** The nginx to use; the one in PATH when absent. */
  readonly nginx?: string | undefined;
  /** Share of the sizes that a bench is meant for. */
  readonly scale?: number | undefined;
}

/** Measures, saying line by line what it has found, and returns its figures. */
export type Bench = (options: BenchOptions) => Promise<object>;
