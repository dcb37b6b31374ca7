import { faultOf } from '../../platform/fault.ts';
import type { Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { describeExit } from '../exit-text.ts';
import type { CommandProbe } from '../server-options.ts';

const OUTPUT_SHOWN = 200;

/** Ready when the command ends with status 0. It is ended with the server: one that hangs would hold files of its bundle. */
export async function probeCommand(
  processes: Processes,
  probe: CommandProbe,
  ended: AbortSignal,
): Promise<Result<void>> {
  const [command = '', ...args] = probe.command;
  const ran = await processes.run({ command, args, timeoutMs: probe.timeoutMs, signal: ended });
  const values = { probe: 'command', command };
  if (!ran.ok) return fail(faultOf('server-unhealthy', 'the health command failed', { values, cause: ran.fault }));
  if (ran.value.exit.kind === 'exited' && ran.value.exit.code === 0) return succeed();
  const output = `${ran.value.output}${ran.value.errorOutput}`.trim().slice(0, OUTPUT_SHOWN);
  return fail(
    faultOf('server-unhealthy', `the health command ${describeExit(ran.value.exit)}`, {
      values: { ...values, output },
    }),
  );
}
