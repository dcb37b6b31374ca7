import { faultOf } from '../../platform/fault.ts';
import type { Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

export interface SmokeTestRequest {
  /** Absolute path of the staged server. */
  readonly command: string;
  /** E.g. `--version`. */
  readonly args: readonly string[];
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly expectedVersion: string;
  readonly signal?: AbortSignal;
}

/** How much of the program's own words goes into the fault. */
const OUTPUT_SHOWN = 300;

/** Runs the staged server for its version, before anybody is disturbed. `smoke-failed` says what it answered instead. */
export async function smokeTest(processes: Processes, request: SmokeTestRequest): Promise<Result<string>> {
  const { expectedVersion, command, ...run } = request;
  const ran = await processes.run({ command, ...run });
  const more = { path: command, values: { expected: expectedVersion } };
  if (!ran.ok) {
    if (ran.fault.code === 'cancelled') return ran;
    return fail(faultOf('smoke-failed', 'the new server cannot be run', { ...more, cause: ran.fault }));
  }
  const { exit, output, errorOutput } = ran.value;
  const said = `${output}\n${errorOutput}`.trim().slice(0, OUTPUT_SHOWN);
  if (exit.kind !== 'exited' || exit.code !== 0) {
    const how = exit.kind === 'exited' ? `with status ${exit.code}` : 'by a signal';
    return fail(faultOf('smoke-failed', `the new server ended ${how}: ${said}`, more));
  }
  if (namesVersion(`${output}\n${errorOutput}`, expectedVersion))
    return succeed(`it says that it is ${expectedVersion}`);
  return fail(faultOf('smoke-failed', `the new server does not say that it is ${expectedVersion}: ${said}`, more));
}

/** The version stands there as a whole: `1.2` is neither in `1.2.3` nor in `11.2`, a leading `v` is no part of it. */
export function namesVersion(output: string, version: string): boolean {
  return output.split(/[^A-Za-z0-9.+-]+/).some((word) => word.replace(/^v(?=\d)/i, '').replace(/\.$/, '') === version);
}
