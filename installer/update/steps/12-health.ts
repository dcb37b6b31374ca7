import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result } from '../../../platform/result.ts';
import { nothingToUndo, required, type Step, type StepContext } from '../step.ts';
import { watchServer, type WatchReport } from '../watch.ts';

/** Watches the new version for the whole watch time; what it says decides between commit and fallback. */
export const health: Step<'health'> = {
  run: async (context) => {
    const watched = await watchServer(context, { watchMs: context.tools.policy.watchMs });
    return watched.ok ? checkVersion(context, watched) : watched;
  },
  undo: nothingToUndo,
};

/** A server may tell its version only some time after it is ready. */
function checkVersion(context: StepContext, watched: Result<WatchReport>): Result<WatchReport> {
  const state = context.tools.server.state();
  const expected = required(context, 'preflight').to;
  if (state.kind !== 'up' || state.version === undefined || state.version === expected) {
    return watched;
  }
  const detail = `it says that it is version ${state.version}, but ${expected} was installed`;
  return fail(faultOf('server-wrong-version', detail, { values: { expected, found: state.version } }));
}
