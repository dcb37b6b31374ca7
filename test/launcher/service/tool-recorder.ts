import type { Processes, RunRequest } from '../../../platform/processes.ts';
import { succeed } from '../../../platform/result.ts';

/** Status and output of a tool, given its arguments. */
export type ToolAnswer = (args: readonly string[]) => { readonly code: number; readonly output?: string };

/** Runs nothing: notes what would be run, and answers as told. */
export function recordTools(
  real: Processes,
  answer: ToolAnswer,
): { readonly processes: Processes; readonly calls: string[] } {
  const calls: string[] = [];
  const processes: Processes = {
    ...real,
    run: ({ command, args }: RunRequest) => {
      calls.push([command.split(/[\\/]/).at(-1), ...args].join(' '));
      const { code, output = '' } = answer(args);
      return Promise.resolve(succeed({ exit: { kind: 'exited', code }, output, errorOutput: '' }));
    },
  };
  return { processes, calls };
}
