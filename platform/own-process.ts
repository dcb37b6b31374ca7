/** A stream of text to a terminal, a pipe or a file. */
export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal; undefined when it is none. */
  readonly columns: number | undefined;
}

/** How the outside asks this process to end. */
export type StopRequest = 'interrupt' | 'terminate' | 'hang-up';

/** What the composition root needs of its own process. */
export interface OwnProcess {
  /** Arguments after the program, the same for `node launcher/main.ts` and for the single executable. */
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly output: TextOutput;
  readonly errorOutput: TextOutput;
  /** Standard input as it comes; ends when the other side closes it, or dies. */
  readonly input: AsyncIterable<string>;
  /** Reads no more: an open input keeps the process alive. */
  closeInput(): void;
  /** Lets every other program go first, for the processor and where it can be said for the disk; there is no way back. */
  lowerPriority(): void;
  /** Gives back memory that is not needed any more; takes some ten milliseconds. */
  releaseMemory(): void;
  /** Status with which the process ends once nothing is left to do. */
  setExitCode(code: number): void;
  /** Ends at once; only after a bug, or when something refuses to let go. */
  exit(code: number): never;
  /** Calls `handler` instead of ending; returns the act that takes it back. */
  onStopRequest(handler: (request: StopRequest) => void): () => void;
  /** A bug surfaced outside of every promise; the process is not to be trusted any more. */
  onUncaught(handler: (error: unknown) => void): () => void;
}
