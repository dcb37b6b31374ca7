import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import { ensureStopped } from '../ensure-stopped.ts';
import type { StepFacts } from '../facts.ts';
import { tellGoingBack } from '../told-server.ts';
import { required, type Step, type StepContext } from '../step.ts';

/** Starts the new version and waits until it is ready; slow is not broken, as long as progress is visible. */
export const start: Step<'start'> = {
  async run(context) {
    const { tools } = context;
    const started = await tools.server.start({ startLimitMs: tools.policy.startLimitMs, signal: context.signal });
    if (!started.ok) {
      return started;
    }
    return checkVersion(context, started.value);
  },
  async undo(context) {
    await tellGoingBack(context);
    return ensureStopped(context);
  },
};

/** Only a server that says which version it is can say the wrong one. */
function checkVersion(
  context: StepContext,
  report: { readonly readyAfterMs: number; readonly version?: string },
): Result<StepFacts['start']> {
  const expected = required(context, 'preflight').to;
  if (report.version !== undefined && report.version !== expected) {
    const detail = `it says that it is version ${report.version}, but ${expected} was installed`;
    return fail(faultOf('server-wrong-version', detail, { values: { expected, found: report.version } }));
  }
  return succeed({
    readyAfterMs: Math.round(report.readyAfterMs),
    ...(report.version === undefined ? {} : { version: report.version }),
  });
}
