import type { TextOutput } from '../../../platform/own-process.ts';

export interface RecordingOutput extends TextOutput {
  text(): string;
}

/** An output that keeps what is written; a terminal when it has columns. */
export function recordingOutput(columns?: number): RecordingOutput {
  let written = '';
  return {
    write: (text) => {
      written += text;
    },
    text: () => written,
    isTerminal: columns !== undefined,
    columns,
  };
}

export function recordingOutputs(columns?: number): {
  readonly output: RecordingOutput;
  readonly errorOutput: RecordingOutput;
} {
  return { output: recordingOutput(columns), errorOutput: recordingOutput(columns) };
}
