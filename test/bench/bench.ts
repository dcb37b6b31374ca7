/** What a bench is told. */
export interface BenchOptions {
  /** Names of the cases to run; all when empty. */
  readonly only: readonly string[];
}

/** Measures, saying line by line what it has found, and returns its figures. */
export type Bench = (options: BenchOptions) => Promise<object>;
