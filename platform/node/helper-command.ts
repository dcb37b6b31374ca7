import type { RunCommand } from './run-command.ts';

/** The system's own tools answer within a second or two, PowerShell's first start aside. */
const HELPER_TIMEOUT_MS = 20_000;
const HELPER_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Output of a tool of the operating system, called by its absolute path; undefined when it failed. */
export type HelperCommand = (command: string, args: readonly string[]) => Promise<string | undefined>;

export function createHelperCommand(run: RunCommand, environment: Readonly<Record<string, string>>): HelperCommand {
  return async (command, args) => {
    const outcome = await run({
      command,
      args,
      environment,
      timeoutMs: HELPER_TIMEOUT_MS,
      outputLimit: HELPER_OUTPUT_BYTES,
    });
    if (!outcome.ok) return undefined;
    // lsof answers 1 when some of what it was asked for was not found, and still prints the rest.
    const { exit, output } = outcome.value;
    return exit.kind === 'exited' && (exit.code === 0 || output !== '') ? output : undefined;
  };
}
