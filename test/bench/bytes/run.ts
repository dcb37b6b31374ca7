import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program to its end, in `folder` if one is named; throws with what it said when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  folder?: string,
): Promise<{ readonly output: string }> {
  const { stdout } = await execute(program, args, {
    maxBuffer: 64 * 1024 * 1024,
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  return { output: stdout };
}

/** Whether a program is on the path. */
export async function isInstalled(program: string): Promise<boolean> {
  return run('which', [program]).then(
    () => true,
    () => false,
  );
}
