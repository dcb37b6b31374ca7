import { faultOf } from '../../platform/fault.ts';
import type { Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** A service manager answers in seconds; stopping a service takes as long as the server's stop. */
const ANSWER_MS = 30_000;

export interface ToolOutcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a tool of the operating system, by its absolute path, and tells its status whatever it is. */
export async function askTool(
  processes: Processes,
  command: string,
  args: readonly string[],
  timeoutMs = ANSWER_MS,
): Promise<Result<ToolOutcome>> {
  const outcome = await processes.run({ command, args, timeoutMs });
  if (!outcome.ok) return outcome;
  const { exit, output, errorOutput } = outcome.value;
  if (exit.kind === 'exited') return succeed({ code: exit.code, output: `${output}${errorOutput}` });
  return fail(faultOf('command-failed', `${command} was ended by a signal`, { path: command }));
}

/** As `askTool`, where every status but 0 is a failure with the tool's own last words. */
export async function runTool(
  processes: Processes,
  command: string,
  args: readonly string[],
  timeoutMs?: number,
): Promise<Result<string>> {
  const outcome = await askTool(processes, command, args, timeoutMs);
  if (!outcome.ok) return outcome;
  const { code, output } = outcome.value;
  if (code === 0) return succeed(output);
  const words = output.trim().split('\n').at(-1)?.trim() ?? '';
  const detail = `${args[0] ?? command} ended with status ${code}${words === '' ? '' : `: ${words}`}`;
  return fail(faultOf('command-failed', detail, { path: command, operation: args.join(' ') }));
}
